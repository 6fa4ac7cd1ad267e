//! Personal data, guarded where it is read.

use std::borrow::Cow;

use async_graphql::{
    ContextSelectionSet, OutputType, Positioned, ServerResult, Value, parser::types::Field, registry::Registry,
};

use super::Viewer;
use crate::graphql::{code, coded};

/// A value that not every viewer may see. In GraphQL it is nullable whatever it holds: a viewer without the right
/// gets null, and an error that says so.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Personal<T>(pub T);

impl<T: OutputType> OutputType for Personal<T> {
    fn type_name() -> Cow<'static, str> {
        T::type_name()
    }

    fn qualified_type_name() -> String {
        let name = T::qualified_type_name();
        name.strip_suffix('!').map(str::to_owned).unwrap_or(name)
    }

    fn create_type_info(registry: &mut Registry) -> String {
        T::create_type_info(registry);
        Self::qualified_type_name()
    }

    async fn resolve(&self, ctx: &ContextSelectionSet<'_>, field: &Positioned<Field>) -> ServerResult<Value> {
        let error = if ctx.data_unchecked::<Viewer>().reads_personal() {
            match self.0.resolve(ctx, field).await {
                Ok(value) => return Ok(value),
                Err(error) => error,
            }
        } else {
            coded("this is personal data, which you may not see", Some(field.pos), code::FORBIDDEN)
        };
        ctx.add_error(ctx.set_error_path(error));
        Ok(Value::Null)
    }
}

//! Documents that were parsed before: clients send the same few again and again, and parsing one costs as much as
//! looking up what a small one asks for.

use std::{fmt, sync::Arc};

use async_graphql::{
    ServerError,
    parser::{parse_query, types::ExecutableDocument},
};
use quick_cache::{Weighter, sync::Cache};

use crate::schema::limits::check_brackets;

/// How many documents to make room for, and how long they may be together, in bytes: parsed, a document takes about ten
/// times the memory of its text.
const COUNT: usize = 256;
const LENGTH: u64 = 256 * 1024;

/// The documents of late, by their texts. Longer ones than a tenth of the room are parsed each time.
pub struct Documents(Cache<String, Arc<ExecutableDocument>, Length>);

impl Documents {
    /// The document of this text.
    ///
    /// # Errors
    /// When it cannot be parsed, or its brackets nest too deep.
    pub fn parse(&self, text: &str) -> Result<Arc<ExecutableDocument>, ServerError> {
        if let Some(document) = self.0.get(text) {
            return Ok(document);
        }
        check_brackets(text)?;
        let document = Arc::new(parse_query(text)?);
        if text.len() as u64 <= LENGTH / 10 {
            self.0.insert(text.to_owned(), Arc::clone(&document));
        }
        Ok(document)
    }
}

impl Default for Documents {
    fn default() -> Self {
        Self(Cache::with_weighter(COUNT, LENGTH, Length))
    }
}

impl fmt::Debug for Documents {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_tuple("Documents").field(&self.0.len()).finish()
    }
}

/// A document weighs what its text is long.
#[derive(Clone, Copy)]
struct Length;

impl Weighter<String, Arc<ExecutableDocument>> for Length {
    fn weight(&self, text: &String, _: &Arc<ExecutableDocument>) -> u64 {
        text.len().max(1) as u64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_document_is_parsed_once() {
        let documents = Documents::default();

        let first = documents.parse("{ store { currency } }").expect("a document");
        let second = documents.parse("{ store { currency } }").expect("a document");

        assert!(Arc::ptr_eq(&first, &second));
        documents.parse("{ store").expect_err("no document");
    }

    #[test]
    fn what_is_kept_has_a_limit() {
        let documents = Documents::default();
        let long = |name: usize| format!("{{ a{name} # {}\n }}", "-".repeat(20_000));

        for name in 0..100 {
            documents.parse(&long(name)).expect("a document");
        }
        assert!(documents.0.weight() <= LENGTH, "{} bytes", documents.0.weight());

        let too_long = format!("{{ a # {}\n }}", "-".repeat(100_000));
        let first = documents.parse(&too_long).expect("a document");
        let second = documents.parse(&too_long).expect("a document");
        assert!(!Arc::ptr_eq(&first, &second));
    }
}

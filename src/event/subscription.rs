//! Events at the root of subscriptions.
//!
//! A subscription is executed over one [`Section`] of the log after another, so that figures are those of the moment
//! and the edges of a section's events are read together. Who has it executed, in `http`, sees to it that sections
//! follow one another.

use std::sync::{
    Arc, OnceLock,
    atomic::{AtomicI64, Ordering},
};

use async_graphql::{Context, ID, Subscription};
use entity::event::{EventType, Model};
use futures_util::{
    StreamExt,
    stream::{self, BoxStream},
};
use uuid::Uuid;

use super::{Batch, Cursor, CustomerEvent};
use crate::{
    app::App,
    customer::{Customer, CustomerWhere},
    failure::{Failure, Outcome},
    filter::Rule,
    graphql::{self, Listed},
    order::{Order, OrderWhere},
    segment::Segment,
    semantics::Resource,
    store::{self, Reading, Siblings},
};

/// A section of the log that a subscription is executed over.
#[derive(Clone, Debug, Default)]
pub struct Section {
    /// The events, in the log's order.
    pub batch: Arc<Batch>,
    /// Only events after this position.
    pub after: i64,
    /// What stands in for the argument `after`: where it comes from, and the cursor.
    pub resume: Option<(&'static str, String)>,
    /// Whether the argument `after` is looked at: only where a subscription starts.
    is_start: bool,
    start: Arc<OnceLock<i64>>,
    shown: Arc<AtomicI64>,
}

impl Section {
    /// Events of a batch after a position.
    #[must_use]
    pub fn new(batch: Arc<Batch>, after: i64) -> Self {
        Self { batch, after, ..Self::default() }
    }

    /// No events: executed over it, a subscription only tells whether it is right, and where it starts.
    #[must_use]
    pub fn empty(resume: Option<(&'static str, String)>) -> Self {
        Self { resume, is_start: true, ..Self::default() }
    }

    /// The position after which the client wants events, once the subscription was executed. None if it wants those
    /// that happen from now on.
    #[must_use]
    pub fn start(&self) -> Option<i64> {
        self.start.get().copied()
    }

    /// The position of the event that the latest response shows, told once. None if it shows none.
    #[must_use]
    pub fn shown(&self) -> Option<i64> {
        Some(self.shown.swap(0, Ordering::Relaxed)).filter(|position| *position > 0)
    }

    /// Takes note of the argument `after`.
    fn begin(&self, app: &App, after: Option<String>) -> Outcome<()> {
        if !self.is_start {
            return Ok(());
        }
        let after = after.map(|cursor| ("after", cursor));
        if let Some((argument, cursor)) = self.resume.clone().or(after) {
            let Cursor(position) = Cursor::parse(argument, &cursor)?;
            if position > app.feed.head() {
                return Err(Failure::malformed(format!("{argument}: the cursor lies beyond the end of the log")));
            }
            self.start.get_or_init(|| position);
        }
        Ok(())
    }
}

/// The events of a section that a subscription shows.
type Events = BoxStream<'static, CustomerEvent>;

/// The root fields about events. Each event is sent once, in the order of the log.
#[derive(Clone, Copy, Debug, Default)]
pub struct EventSubscription;

#[Subscription]
impl EventSubscription {
    /// What happens to customers, to their orders and to their places in segments, as it happens.
    async fn customer_events(
        &self,
        ctx: &Context<'_>,
        #[graphql(
            desc = "Start after the event with this cursor, with those that happened since. Without it, only what \
                          happens from now on is sent."
        )]
        after: Option<String>,
        #[graphql(desc = "Only events of these types.")] types: Option<Vec<EventType>>,
        #[graphql(desc = "Only events of the customer with this IRI.")] customer: Option<ID>,
        #[graphql(
            name = "where",
            desc = "Only events of customers who fulfil this when the event is sent. A deleted customer does not."
        )]
        filter: Option<CustomerWhere>,
    ) -> Result<Events, Failure> {
        let customer = key::<Customer>(ctx, "customer", customer)?;
        let wanted = move |event: &Model| {
            is_among(types.as_deref(), event.kind) && customer.is_none_or(|customer| event.customer_id == customer)
        };
        select::<Customer>(ctx, after, wanted, filter, |event| Some(event.customer_id)).await
    }

    /// What happens to orders, as it happens.
    async fn order_events(
        &self,
        ctx: &Context<'_>,
        #[graphql(
            desc = "Start after the event with this cursor, with those that happened since. Without it, only what \
                          happens from now on is sent."
        )]
        after: Option<String>,
        #[graphql(desc = "Only events of these types, all of which begin with ORDER.")] types: Option<Vec<EventType>>,
        #[graphql(desc = "Only events of the order with this IRI.")] order: Option<ID>,
        #[graphql(name = "where", desc = "Only events of orders that fulfil this when the event is sent.")]
        filter: Option<OrderWhere>,
    ) -> Result<Events, Failure> {
        let order = key::<Order>(ctx, "order", order)?;
        check_types(types.as_deref(), EventType::is_of_order, "an order")?;
        let wanted = move |event: &Model| {
            event.kind.is_of_order()
                && is_among(types.as_deref(), event.kind)
                && (order.is_none() || event.order_id == order)
        };
        select::<Order>(ctx, after, wanted, filter, |event| event.order_id).await
    }

    /// Who enters and leaves segments, as it happens.
    async fn segment_events(
        &self,
        ctx: &Context<'_>,
        #[graphql(
            desc = "Start after the event with this cursor, with those that happened since. Without it, only what \
                          happens from now on is sent."
        )]
        after: Option<String>,
        #[graphql(desc = "Only events of these types, all of which begin with SEGMENT.")] types: Option<Vec<EventType>>,
        #[graphql(desc = "Only events of the segment with this IRI.")] segment: Option<ID>,
        #[graphql(
            name = "where",
            desc = "Only events of customers who fulfil this when the event is sent. A deleted customer does not."
        )]
        filter: Option<CustomerWhere>,
    ) -> Result<Events, Failure> {
        let segment = key::<Segment>(ctx, "segment", segment)?;
        check_types(types.as_deref(), EventType::is_of_segment, "a segment")?;
        let wanted = move |event: &Model| {
            event.kind.is_of_segment()
                && is_among(types.as_deref(), event.kind)
                && (segment.is_none() || event.segment_id == segment)
        };
        select::<Customer>(ctx, after, wanted, filter, |event| Some(event.customer_id)).await
    }
}

fn is_among(types: Option<&[EventType]>, kind: EventType) -> bool {
    types.is_none_or(|types| types.contains(&kind))
}

/// Refuses types whose events never come here: who asks for them would wait for ever.
fn check_types(types: Option<&[EventType]>, is_right: fn(EventType) -> bool, of: &str) -> Outcome<()> {
    match types.unwrap_or_default().iter().find(|kind| !is_right(**kind)) {
        Some(kind) => {
            let name = entity::term::Term::description(*kind).name;
            Err(Failure::malformed(format!("types: {name} is no event of {of}")))
        }
        None => Ok(()),
    }
}

fn key<T: Resource>(ctx: &Context<'_>, argument: &str, id: Option<ID>) -> Outcome<Option<Uuid>> {
    let base = &ctx.data_unchecked::<App>().base;
    id.map(|id| base.parse_in(argument, id.as_str(), T::DESCRIPTION.collection)).transpose()
}

/// The events of the section that are wanted, and whose `T` fulfils the filter.
async fn select<T: Listed>(
    ctx: &Context<'_>,
    after: Option<String>,
    is_wanted: impl Fn(&Model) -> bool,
    filter: Option<T::Where>,
    subject: fn(&Model) -> Option<Uuid>,
) -> Outcome<Events> {
    let (app, reading) = (ctx.data_unchecked::<App>(), ctx.data_unchecked::<Reading>());
    let Some(section) = ctx.data_opt::<Section>() else {
        return Err(Failure::malformed("a subscription is executed over a stream of events"));
    };
    section.begin(app, after)?;
    let rule: Option<Rule> = filter.clone().map(Into::into);
    let condition = graphql::condition(ctx, filter)?;

    let events = section.batch.events.iter().filter(|event| event.position > Some(section.after) && is_wanted(event));
    let mut events: Vec<&Model> = events.collect();
    if let Some(condition) = condition
        && !events.is_empty()
    {
        let name = format!("{} {rule:?}", T::DESCRIPTION.name);
        let matches = section.batch.matches(name, async || {
            let keys = section.batch.events.iter().filter_map(subject).collect();
            store::keys_where::<T>(&app.database, keys, condition).await
        });
        let matches = matches.await?;
        events.retain(|event| subject(event).is_some_and(|key| matches.contains(&key)));
    }

    let alone = Siblings::default();
    let node = |event: &Model| CustomerEvent::from_row(event.clone(), reading, &alone);
    let mut nodes: Vec<_> = events.into_iter().map(node).collect();
    let siblings = Siblings::of(nodes.iter());
    for node in &mut nodes {
        node.siblings = siblings.clone();
    }
    let shown = Arc::clone(&section.shown);
    let events = stream::iter(nodes).inspect(move |node| {
        let Cursor(position) = node.cursor.get().copied().flatten().unwrap_or(Cursor(0));
        shown.store(position, Ordering::Relaxed);
    });
    Ok(events.boxed())
}

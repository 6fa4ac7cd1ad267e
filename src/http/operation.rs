//! An operation that is answered step by step, over a socket or a stream of events.

use std::{sync::Arc, time::Duration};

use async_graphql::{ServerError, parser::types::OperationType};
use async_stream::stream;
use futures_util::{
    StreamExt,
    stream::{BoxStream, once},
};
use tokio::{
    sync::broadcast::{Receiver, error::RecvError},
    time::{sleep, timeout},
};

use super::{
    request::{self, Prepared, TIME_LIMIT, has_code},
    router::Context,
};
use crate::{
    event::{BATCH_SIZE, Batch, Cursor, Section},
    graphql::{code, coded, incident},
};

/// How long to wait before a section of the log is shown again when the fault was ours, and how often.
const PAUSE: Duration = Duration::from_secs(1);
const MOST_ATTEMPTS: u32 = 30;

/// A step of an answer. When there are no more, the operation is complete.
#[derive(Clone, Debug)]
pub enum Step {
    /// A result.
    Next(Payload),
    /// The operation ends, by these errors.
    Failed(Vec<ServerError>),
}

/// A result, shared by all who are sent it.
#[derive(Clone, Debug)]
pub struct Payload {
    /// The position of the event that it shows. None for the result of a query or mutation.
    pub position: Option<i64>,
    /// The result, as JSON.
    pub json: Arc<str>,
}

/// Executes an operation. `hold` is let go when it has ended.
///
/// Queries and mutations run on whatever becomes of the stream; subscriptions end with it. `resume` stands in for the
/// argument `after`, as in [`Section::resume`].
pub fn run(
    context: &Context,
    prepared: Prepared,
    resume: Option<(&'static str, String)>,
    hold: impl Send + 'static,
) -> BoxStream<'static, Step> {
    if let Err(error) = prepared.check(&context.limits) {
        return once(async { failed(vec![error]) }).boxed();
    }
    let operation = prepared.logged_name();
    if prepared.kind() == Some(OperationType::Subscription) {
        tracing::info!(operation, "subscription");
        return subscribe(context.clone(), Arc::new(prepared), resume, hold);
    }
    let context = context.clone();
    let running = context.streams.tasks.clone().spawn(async move {
        let mut response = request::execute(&context, prepared).await;
        tracing::info!(operation, errors = response.errors.len(), "operation");
        drop(hold);
        if request::is_request_error(&response) {
            return failed(response.errors);
        }
        Step::Next(Payload { position: None, json: request::write(&mut response).into() })
    });
    once(async { running.await.unwrap_or_else(|error| failed(vec![fault(&error.to_string())])) }).boxed()
}

/// First what happened since, for this subscriber alone; then what happens, shared with all who ask for the same.
fn subscribe(
    context: Context,
    prepared: Arc<Prepared>,
    resume: Option<(&'static str, String)>,
    hold: impl Send + 'static,
) -> BoxStream<'static, Step> {
    stream! {
        let _hold = hold;
        // Boxed, so that whoever waits for events takes little memory.
        let mut position = match Box::pin(start(&context, &prepared, resume)).await {
            Ok(position) => position,
            Err(errors) => {
                yield failed(errors);
                return;
            }
        };
        let topic = context.streams.topics.join(&context, &prepared);
        let mut receiver = loop {
            let Some(receiver) = topic.subscribe() else {
                yield Step::Failed(at(position, vec![fault("the topic ended")]));
                return;
            };
            // What is announced from here on is received; what was announced before is read from the log.
            let announced = topic.announced();
            if announced <= position {
                break receiver;
            }
            // Whoever is far behind would hold up the others.
            let receiver = (announced - position <= i64::from(BATCH_SIZE)).then_some(receiver);
            let batch = Box::pin(Batch::reread(context.app.database.reader(), position)).await;
            let last = batch.last();
            let mut steps = show(&context, &prepared, Arc::new(batch), position);
            while let Some(step) = steps.next().await {
                let is_over = note(&step, &mut position);
                yield step;
                if is_over {
                    return;
                }
            }
            position = last.unwrap_or(position);
            if let Some(receiver) = receiver {
                break receiver;
            }
        };
        drop((context, prepared));
        loop {
            let step = receive(&mut receiver, position).await;
            let is_over = note(&step, &mut position);
            yield step;
            if is_over {
                return;
            }
        }
    }
    .boxed()
}

/// Checks a subscription by executing it over nothing, and gives the position that it starts after.
async fn start(
    context: &Context,
    prepared: &Prepared,
    resume: Option<(&'static str, String)>,
) -> Result<i64, Vec<ServerError>> {
    let app = &context.app;
    let caught_up = timeout(TIME_LIMIT, app.feed.catch_up(&app.bell)).await;
    let head = caught_up.map_err(|_| vec![fault("the log of events is not read")])?;
    let section = Section::empty(resume);
    let request = prepared.clone().into_request(context).data(section.clone());
    match context.schema.execute_stream(request).next().await {
        Some(response) => Err(response.errors),
        None => Ok(section.start().unwrap_or(head)),
    }
}

/// What a subscription answers to the events of a batch after a position.
///
/// When the fault is ours, such as a database that does not answer for a while, it is tried again, from the event
/// where it stopped.
pub fn show(
    context: &Context,
    prepared: &Arc<Prepared>,
    batch: Arc<Batch>,
    mut position: i64,
) -> BoxStream<'static, Step> {
    let (context, prepared) = (context.clone(), Arc::clone(prepared));
    stream! {
        for attempt in 1.. {
            let section = Section::new(Arc::clone(&batch), position);
            let request = Prepared::clone(&prepared).into_request(&context).data(section.clone());
            let mut responses = context.schema.execute_stream(request);
            loop {
                let (mut response, is_stuck) = match timeout(TIME_LIMIT, responses.next()).await {
                    Ok(Some(response)) => (response, false),
                    Ok(None) => return,
                    Err(_) => (request::timed_out(), true),
                };
                if let Some(shown) = section.shown() {
                    position = shown;
                    yield Step::Next(Payload { position: Some(shown), json: request::write(&mut response).into() });
                } else if attempt < MOST_ATTEMPTS && response.errors.iter().any(is_ours) {
                    sleep(PAUSE).await;
                    break;
                } else {
                    yield failed(at(position, response.errors));
                    return;
                }
                if is_stuck {
                    break;
                }
            }
        }
    }
    .boxed()
}

/// The next step of a topic that follows `position`.
async fn receive(receiver: &mut Receiver<Step>, position: i64) -> Step {
    loop {
        match receiver.recv().await {
            Ok(Step::Next(payload)) if payload.position <= Some(position) => {}
            Ok(Step::Next(payload)) => return Step::Next(payload),
            Ok(Step::Failed(errors)) => return Step::Failed(at(position, errors)),
            Err(RecvError::Lagged(_)) => return Step::Failed(vec![too_slow(position)]),
            Err(RecvError::Closed) => return Step::Failed(at(position, vec![fault("the topic ended")])),
        }
    }
}

/// Takes note of how far a subscription has come, and tells whether it is over.
fn note(step: &Step, position: &mut i64) -> bool {
    match step {
        Step::Next(payload) => *position = payload.position.unwrap_or(*position),
        Step::Failed(_) => return true,
    }
    false
}

/// Tells a subscriber who reads too slowly where to read on.
pub fn too_slow(position: i64) -> ServerError {
    let message = "you read too slowly; subscribe again after the cursor";
    let mut errors = at(position, vec![coded(message, None, code::RATE_LIMITED)]);
    errors.remove(0)
}

/// Adds the cursor from which a subscription can be taken up again.
fn at(position: i64, mut errors: Vec<ServerError>) -> Vec<ServerError> {
    for error in &mut errors {
        error.extensions.get_or_insert_default().set("cursor", Cursor(position).to_string());
    }
    errors
}

/// The end of an operation by errors.
pub fn failed(mut errors: Vec<ServerError>) -> Step {
    request::explain(&mut errors);
    Step::Failed(errors)
}

fn fault(cause: &str) -> ServerError {
    coded(incident(cause), None, code::INTERNAL)
}

fn is_ours(error: &ServerError) -> bool {
    has_code(error, code::INTERNAL) || has_code(error, code::TIMEOUT)
}

//! Both servers in turns.

use crate::{
    Options,
    client::{Answered, Connection, Question, ask_for},
    process::{Machine, Server},
    report::{Line, Report, median},
    sample::{Sample, graphql},
    workload::Workload,
};

/// How many answers are compared before anything is measured.
const COMPARED: usize = 25;

/// What a turn came to.
#[derive(Clone, Copy, Debug)]
pub struct Turn {
    /// Requests per second.
    pub rate: f64,
    /// CPU time of the server for each, in milliseconds.
    pub cpu: f64,
    /// CPU time of the database for each, in milliseconds.
    pub database: f64,
}

/// Measures a workload, after making sure that both answer the same.
pub async fn measure(
    options: &Options,
    workload: &Workload,
    (name, machine): (&str, Machine),
    (server, baseline): (&Server, &Server),
    sample: &Sample,
    report: &mut Report,
) -> anyhow::Result<()> {
    if let Some(mutation) = workload.mutation {
        let mut connection = Connection::open(server.address).await?;
        let query = "{ __type(name: \"Mutation\") { fields { name } } }";
        let fields = &graphql(&mut connection, query, serde_json::json!({})).await?["data"]["__type"]["fields"];
        if !fields.as_array().is_some_and(|fields| fields.iter().any(|field| field["name"] == mutation)) {
            report.skip(workload.name, name, &format!("there is no {mutation}"));
            return Ok(());
        }
    }
    let (questions, same_questions) = workload.questions(sample, (&server.base(), &baseline.base()));
    compare((server, &questions), (baseline, &same_questions)).await?;

    let (mut turns, mut baseline_turns) = (Vec::new(), Vec::new());
    // The first turn of each warms up.
    for round in 0..=options.rounds {
        let turn = take(options, machine, server, &questions).await?;
        let baseline_turn = take(options, machine, baseline, &same_questions).await?;
        if round > 0 {
            turns.push(turn);
            baseline_turns.push(baseline_turn);
        }
    }
    report.beside(Line::new(workload, name, &turns, &baseline_turns));
    Ok(())
}

/// Asks one server for the time of a turn.
pub async fn take(
    options: &Options,
    machine: Machine,
    server: &Server,
    questions: &[Question],
) -> anyhow::Result<Turn> {
    let before = (server.cpu()?, machine.cpu()?);
    let Answered { count, time } = ask_for(server.address, questions, options.turn()).await?;
    let after = (server.cpu()?, machine.cpu()?);
    #[expect(clippy::cast_precision_loss, reason = "a turn has far fewer than 2^52 answers")]
    let count = count as f64;
    Ok(Turn {
        rate: count / time.as_secs_f64(),
        cpu: (after.0 - before.0) * 1000.0 / count,
        database: (after.1 - before.1) * 1000.0 / count,
    })
}

/// The medians of several turns.
pub fn medians(turns: &[Turn]) -> Turn {
    Turn {
        rate: median(turns.iter().map(|turn| turn.rate)),
        cpu: median(turns.iter().map(|turn| turn.cpu)),
        database: median(turns.iter().map(|turn| turn.database)),
    }
}

/// Both must answer the same bytes, but for where their IRIs begin.
async fn compare(
    (server, questions): (&Server, &[Question]),
    (baseline, same_questions): (&Server, &[Question]),
) -> anyhow::Result<()> {
    let mut connection = Connection::open(server.address).await?;
    let mut baseline_connection = Connection::open(baseline.address).await?;
    for (question, same_question) in questions.iter().zip(same_questions).take(COMPARED) {
        let answer = String::from_utf8(connection.ask(question).await?.to_vec())?;
        let same = String::from_utf8(baseline_connection.ask(same_question).await?.to_vec())?;
        let same = same.replace(&baseline.base(), &server.base());
        anyhow::ensure!(answer == same, "the answers differ:\n{answer}\n{same}");
    }
    Ok(())
}

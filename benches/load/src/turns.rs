//! Two servers, or the same one with two kinds of questions, in turns.

use std::time::Duration;

use tokio::time::sleep;

use crate::{
    Options,
    client::{Answered, Connection, Question, ask_for},
    process::{Machine, Server},
    report::{Line, Report, median},
    rows,
    sample::Sample,
    workload::Workload,
};

/// How many answers are compared before anything is measured.
const COMPARED: usize = 25;

/// How long a server has after its turn for what it does behind its answers.
const REST: Duration = Duration::from_millis(100);

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

/// A server, and what it is asked.
pub type Side<'a> = (&'a Server, &'a [Question]);

/// Measures a workload, after making sure that both answer the same, and write the same.
pub async fn measure(
    options: &Options,
    workload: &Workload,
    (name, machine): (&str, Machine),
    (server, baseline): (&Server, &Server),
    sample: &Sample,
    report: &mut Report,
) -> anyhow::Result<()> {
    let (questions, same_questions) = workload.questions(sample, (&server.base(), &baseline.base()));
    let sides: [Side<'_>; 2] = [(server, &questions), (baseline, &same_questions)];
    compare(sides).await?;
    if workload.writes {
        rows::compare(sides).await?;
    }
    let [turns, baseline_turns] = alternate(options, machine, sides).await?;
    report.beside(Line::new(workload, name, &turns, &baseline_turns));
    Ok(())
}

/// Asks both in turns; the first turn of each warms up, and is not told of. Who has no turn stands still.
pub async fn alternate(options: &Options, machine: Machine, sides: [Side<'_>; 2]) -> anyhow::Result<[Vec<Turn>; 2]> {
    let [(first, _), (second, _)] = sides;
    let mut turns = [Vec::new(), Vec::new()];
    for round in 0..=options.rounds {
        for ((server, questions), turns) in sides.into_iter().zip(&mut turns) {
            let other = [first, second].into_iter().find(|other| other.address != server.address);
            if let Some(other) = other {
                other.halt()?;
            }
            let turn = take(options, machine, server, questions).await?;
            sleep(REST).await;
            if let Some(other) = other {
                other.go_on()?;
            }
            if round > 0 {
                turns.push(turn);
            }
        }
    }
    Ok(turns)
}

/// Asks one server turn by turn, of which the first warms up.
pub async fn alone(options: &Options, machine: Machine, (server, questions): Side<'_>) -> anyhow::Result<Turn> {
    let mut turns = Vec::new();
    for round in 0..=options.rounds {
        let turn = take(options, machine, server, questions).await?;
        if round > 0 {
            turns.push(turn);
        }
    }
    Ok(medians(&turns))
}

/// Asks one server for the time of a turn.
async fn take(options: &Options, machine: Machine, server: &Server, questions: &[Question]) -> anyhow::Result<Turn> {
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
async fn compare([(server, questions), (baseline, same_questions)]: [Side<'_>; 2]) -> anyhow::Result<()> {
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

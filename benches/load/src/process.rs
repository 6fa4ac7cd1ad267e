//! Servers as processes: how they are started, and what they use, as Linux tells.

use std::{
    fs,
    net::{SocketAddr, TcpListener},
    path::Path,
    process::Stdio,
    time::{Duration, Instant},
};

use anyhow::{Context, bail};
use rustix::process::{Pid, Signal, kill_process};
use tokio::{
    process::{Child, Command},
    time::sleep,
};

use crate::client::{Connection, Question};

/// How the product is started: without jobs, which would be at work while it is measured. They are measured by themselves.
pub const PRODUCT: &[&str] = &["serve", "--no-jobs"];

/// How many ticks a second of CPU time has: `getconf CLK_TCK` on every Linux.
const TICKS: f64 = 100.0;

/// How long a server may take to start.
const PATIENCE: Duration = Duration::from_mins(1);

/// A server, ended with its value.
pub struct Server {
    child: Child,
    /// Where it listens.
    pub address: SocketAddr,
    /// How long it took from its start to its first answer.
    pub started_in: Duration,
}

/// Where a database does its work.
#[derive(Clone, Copy, Debug)]
pub struct Machine {
    /// The process whose children are the database's; none if it works inside the server.
    pub database: Option<u32>,
}

/// Starts a server, and waits until it is ready.
pub async fn serve(program: &Path, arguments: &[&str], database: &str) -> anyhow::Result<Server> {
    // The port is free as soon as the listener is gone.
    let address = TcpListener::bind("127.0.0.1:0")?.local_addr()?;
    let started = Instant::now();
    let child = Command::new(program)
        .args(arguments)
        .args(["--database", database, "--listen", &address.to_string()])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .kill_on_drop(true)
        .spawn()
        .with_context(|| format!("could not start {}", program.display()))?;
    let ready = Question { path: "/health/ready".to_owned(), body: None, accept: "*/*" };
    loop {
        if let Ok(mut connection) = Connection::open(address).await
            && connection.ask(&ready).await.is_ok()
        {
            return Ok(Server { child, address, started_in: started.elapsed() });
        }
        if started.elapsed() > PATIENCE {
            bail!("{} does not answer", program.display());
        }
        sleep(Duration::from_millis(1)).await;
    }
}

impl Server {
    /// Lets it stand still.
    pub fn halt(&self) -> anyhow::Result<()> {
        self.signal(Signal::STOP)
    }

    /// Lets it go on.
    pub fn go_on(&self) -> anyhow::Result<()> {
        self.signal(Signal::CONT)
    }

    fn signal(&self, signal: Signal) -> anyhow::Result<()> {
        let id = Pid::from_raw(self.id()?.cast_signed()).context("no process has the number 0")?;
        Ok(kill_process(id, signal)?)
    }

    fn id(&self) -> anyhow::Result<u32> {
        self.child.id().context("the server has ended")
    }

    /// Where its IRIs begin.
    pub fn base(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The CPU time that it has used, in seconds.
    pub fn cpu(&self) -> anyhow::Result<f64> {
        Ok(stat(self.id()?)?.cpu)
    }

    /// The memory that it has now, in MiB.
    pub fn memory(&self) -> anyhow::Result<f64> {
        memory(self.id()?, "VmRSS:")
    }

    /// The most memory that it has had, in MiB.
    pub fn peak_memory(&self) -> anyhow::Result<f64> {
        peak_memory(self.id()?)
    }
}

/// The most memory that a process has had, in MiB.
pub fn peak_memory(id: u32) -> anyhow::Result<f64> {
    memory(id, "VmHWM:")
}

/// What the line `name` of a process's status tells of memory, in MiB.
fn memory(id: u32, name: &str) -> anyhow::Result<f64> {
    let status = fs::read_to_string(format!("/proc/{id}/status"))?;
    let line = status.lines().find_map(|line| line.strip_prefix(name)).context("no such line")?;
    let kibibytes: f64 = line.trim().trim_end_matches(" kB").parse()?;
    Ok(kibibytes / 1024.0)
}

impl Machine {
    /// The CPU time that the processes of the database have used, in seconds; nothing if it has none.
    pub fn cpu(self) -> anyhow::Result<f64> {
        let Some(parent) = self.database else { return Ok(0.0) };
        let mut sum = stat(parent)?.of_ended_children;
        for entry in fs::read_dir("/proc")? {
            let Some(id) = entry?.file_name().to_str().and_then(|name| name.parse().ok()) else { continue };
            // A process that ended meanwhile is none.
            let Ok(stat) = stat(id) else { continue };
            if stat.parent == parent {
                sum += stat.cpu;
            }
        }
        Ok(sum)
    }
}

/// What Linux tells of a process: CPU times in seconds.
struct Stat {
    parent: u32,
    cpu: f64,
    /// That of its children that have ended, such as workers of PostgreSQL.
    of_ended_children: f64,
}

fn stat(id: u32) -> anyhow::Result<Stat> {
    let stat = fs::read_to_string(format!("/proc/{id}/stat"))?;
    // The name comes second, in parentheses, and may hold anything.
    let (_, rest) = stat.rsplit_once(") ").context("no name")?;
    let fields: Vec<&str> = rest.split(' ').collect();
    let field = |index: usize| fields.get(index).copied().context("too few fields");
    let seconds = |index: usize| anyhow::Ok(field(index)?.parse::<f64>()? / TICKS);
    Ok(Stat {
        parent: field(1)?.parse()?,
        cpu: seconds(11)? + seconds(12)?,
        of_ended_children: seconds(13)? + seconds(14)?,
    })
}

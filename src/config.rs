//! What the operator decides: flags of the command line, each also an environment variable.

use std::{
    fmt::{self, Display, Formatter},
    net::SocketAddr,
    path::PathBuf,
};

use clap::{Args, Parser, Subcommand, ValueEnum};
use entity::job_run::JobName;

use tracing_subscriber::EnvFilter;

use crate::{
    instant::Instant,
    money::Currency,
    schedule::{self, Appointment},
    valuation::{self, Margin},
};

/// A GraphQL server with a linked-data semantic layer for customer management.
#[derive(Debug, Parser)]
#[command(version, about)]
pub struct Options {
    /// The store to work on.
    #[command(flatten)]
    pub store: StoreOptions,
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// The flags that all commands understand.
#[derive(Args, Clone, Debug)]
pub struct StoreOptions {
    /// URL of the database: `sqlite://FILE?mode=rwc` or `postgres://USER@HOST/NAME` [default:
    /// `sqlite://customers.db?mode=rwc`]
    #[arg(long, global = true, env = "CUSTOMERS_DATABASE", hide_env_values = true)]
    pub database: Option<String>,
    /// The same under the name that platforms set.
    #[arg(long, global = true, env = "DATABASE_URL", hide = true, hide_env_values = true)]
    pub database_url: Option<String>,
    /// Where IRIs begin, as clients reach the server [default: http:// and the address listened on]
    #[arg(long, global = true, env = "CUSTOMERS_BASE_URL")]
    pub base_url: Option<String>,
    /// A base that IRIs had before; ids made under it are still understood
    #[arg(long, global = true, env = "CUSTOMERS_FORMER_BASE_URL", value_delimiter = ',')]
    pub former_base_url: Vec<String>,
    /// What is logged, in the syntax of tracing's `EnvFilter`
    #[arg(long, global = true, env = "CUSTOMERS_LOG", default_value = "info,sqlx=warn,sea_orm_migration=warn")]
    pub log: EnvFilter,
    /// Currency of the store by ISO 4217 [default: that of the database, USD for a new one]
    #[arg(long, global = true, env = "CUSTOMERS_CURRENCY")]
    pub currency: Option<Currency>,
}

/// The commands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Brings the database up to date and answers requests
    Serve(ServeOptions),
    /// Reads customers and orders from files
    Import(ImportOptions),
    /// Fills the database with synthetic customers, the same for the same seed
    Seed(SeedOptions),
    /// Recomputes what is computed for many customers at once
    #[command(subcommand)]
    Jobs(JobsCommand),
    /// Prints the GraphQL schema
    Schema,
}

/// The commands about jobs.
#[derive(Clone, Debug, Subcommand)]
pub enum JobsCommand {
    /// Tells what the jobs do, when they run, and how they ran last
    List(ScheduleOptions),
    /// Runs a job now
    Run(JobsRunOptions),
}

/// When jobs run by themselves.
#[derive(Args, Clone, Debug)]
pub struct ScheduleOptions {
    /// When a job runs, as a cron expression in UTC: `JOB=CRON`, or `JOB=off`; once for each job, or separated by
    /// semicolons [default: see `jobs list`]
    #[arg(long, value_name = "JOB=CRON", env = "CUSTOMERS_SCHEDULE", value_delimiter = ';')]
    pub schedule: Vec<Appointment>,
}

/// The flags of `jobs run`.
#[derive(Args, Clone, Copy, Debug)]
pub struct JobsRunOptions {
    /// Which job: see `jobs list`
    #[arg(value_parser = schedule::job)]
    pub job: JobName,
    /// Compute as of this instant of the past, store what is found, and leave the present alone
    #[arg(long, value_name = "INSTANT", env = "CUSTOMERS_AS_OF", value_parser = instant)]
    pub as_of: Option<Instant>,
    /// Of `metrics`: change nothing, report every figure that is not what the ledger says, and fail if there is one
    #[arg(long, env = "CUSTOMERS_VERIFY", conflicts_with = "as_of")]
    pub verify: bool,
}

/// Reads an instant.
fn instant(text: &str) -> Result<Instant, String> {
    Instant::parse(text)
        .ok_or_else(|| format!("expected an instant such as 2026-11-22T09:30:00Z, or a date, not {text:?}"))
}

/// The flags of `serve`.
#[derive(Args, Clone, Debug)]
pub struct ServeOptions {
    /// Address to listen on
    #[arg(long, env = "CUSTOMERS_LISTEN", default_value = "127.0.0.1:8000")]
    pub listen: SocketAddr,
    /// Load real data to explore, into a database that ends with the server unless --database names one
    #[arg(long, env = "CUSTOMERS_DEMO")]
    pub demo: bool,
    /// Run no jobs by itself, and leave to others who moves by new rules, edited tiers and deleted segments
    #[arg(long, env = "CUSTOMERS_NO_JOBS")]
    pub no_jobs: bool,
    /// When jobs run.
    #[command(flatten)]
    pub schedule: ScheduleOptions,
    /// How it is told what customers are worth.
    #[command(flatten)]
    pub valuation: ValuationOptions,
    /// How messages are written and sent.
    #[command(flatten)]
    pub post: PostOptions,
}

/// The flags about what customers are worth. They are kept in the database, for all that work on it.
#[derive(Args, Clone, Copy, Debug)]
pub struct ValuationOptions {
    /// The part of what customers spent that is their lifetime value, such as 0.4 [default: that of the database, 1 for a
    /// new one]
    #[arg(long, value_name = "FACTOR", env = "CUSTOMERS_MARGIN_FACTOR")]
    pub margin_factor: Option<Margin>,
    /// What money is taken to lose in value in a month, in predicted values [default: that of the database, 0.01 for a
    /// new one]
    #[arg(long, value_name = "PART", env = "CUSTOMERS_MONTHLY_DISCOUNT", value_parser = valuation::monthly_discount)]
    pub monthly_discount: Option<f64>,
}

/// The flags about messages to customers. Without a way for them to leave, they wait.
#[derive(Args, Clone, Debug)]
pub struct PostOptions {
    /// SMTP server that mail leaves by: `smtps://USER:PASSWORD@HOST`, or `smtp://USER:PASSWORD@HOST?tls=required` for
    /// STARTTLS
    #[arg(long, value_name = "URL", env = "CUSTOMERS_SMTP_URL", hide_env_values = true, requires = "mail_from")]
    pub smtp_url: Option<String>,
    /// Mailbox that mail is from, such as `Shop <shop@example.org>`
    #[arg(long, value_name = "MAILBOX", env = "CUSTOMERS_MAIL_FROM")]
    pub mail_from: Option<String>,
    /// HTTP service that text messages leave by: it gets `{"id", "from", "to", "text"}` as JSON
    #[arg(long, value_name = "URL", env = "CUSTOMERS_SMS_URL", hide_env_values = true)]
    pub sms_url: Option<String>,
    /// Bearer token that the service knows the store by
    #[arg(long, value_name = "TOKEN", env = "CUSTOMERS_SMS_TOKEN", hide_env_values = true)]
    pub sms_token: Option<String>,
    /// Number or name that text messages are from
    #[arg(long, value_name = "SENDER", env = "CUSTOMERS_SMS_FROM")]
    pub sms_from: Option<String>,
    /// Directory with templates that take the place of the program's, or come besides: `LANGUAGE/NAME.txt`, `.html`,
    /// `.sms`
    #[arg(long, value_name = "DIR", env = "CUSTOMERS_TEMPLATES")]
    pub templates: Option<PathBuf>,
}

/// The flags of `import`.
#[derive(Args, Clone, Debug)]
pub struct ImportOptions {
    /// The files, as they are or packed by gzip: for Northwind customers, orders and order lines, for Chinook customers
    /// and invoices, for CDNOW and Online Retail one
    #[arg(required = true)]
    pub files: Vec<PathBuf>,
    /// What the files hold
    #[arg(long, value_enum, env = "CUSTOMERS_FORMAT")]
    pub format: Format,
    /// Move all dates by the same number of whole days, so that the newest order is yesterday's
    #[arg(long, env = "CUSTOMERS_RECENT")]
    pub recent: bool,
    /// What becomes of wrong rows
    #[arg(long, value_enum, env = "CUSTOMERS_ON_ERROR", default_value_t)]
    pub on_error: OnError,
    /// Where to put the rows that are rejected, each with the reason
    /// [default: the name of the first file and `.rejected.csv`, in the working directory]
    #[arg(long, value_name = "FILE", env = "CUSTOMERS_REJECTED")]
    pub rejected: Option<PathBuf>,
    /// Read, check and report, and write nothing but the file of rejected rows
    #[arg(long, env = "CUSTOMERS_DRY_RUN")]
    pub dry_run: bool,
}

/// What becomes of rows that are not what their file must have. Rows without a customer, which Online Retail has, are
/// not wrong: they are rejected in either case.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum OnError {
    /// The first one stops the import, before anything is written
    #[default]
    Stop,
    /// They are rejected, with all that hangs on them, and the others imported
    Skip,
}

/// Whose files are imported.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// The Northwind traders: organizations with contacts, orders with lines; three files
    Northwind,
    /// The Chinook shop: persons with e-mail addresses, and invoices; two files
    Chinook,
    /// CDNOW: what anonymous persons spent on CDs; one file, the sample or the whole
    Cdnow,
    /// Online Retail: lines of invoices and of refunds, in pounds; one file
    OnlineRetail,
}

impl Display for Format {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Northwind => "northwind",
            Self::Chinook => "chinook",
            Self::Cdnow => "cdnow",
            Self::OnlineRetail => "online-retail",
        })
    }
}

/// The flags of `seed`.
#[derive(Args, Clone, Copy, Debug)]
pub struct SeedOptions {
    /// How many customers
    #[arg(long, env = "CUSTOMERS_CUSTOMERS", value_parser = clap::value_parser!(u64).range(1..))]
    pub customers: u64,
    /// How many orders a customer has on average: each has from none to twice as many
    #[arg(long, env = "CUSTOMERS_ORDERS_PER_CUSTOMER", default_value_t = 5)]
    pub orders_per_customer: u32,
    /// The same number makes the same rows, another makes others; a store can be seeded with several
    #[arg(long, env = "CUSTOMERS_RANDOM_SEED", default_value_t = 1)]
    pub random_seed: u64,
}

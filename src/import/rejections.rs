//! Rows that are not taken: whether they stop an import, how many there are for which reason, and the file in which
//! they are kept.

use std::{
    collections::BTreeMap,
    fmt::{self, Display, Formatter},
    fs::{self, File, OpenOptions},
    io::{self, ErrorKind},
    path::{Path, PathBuf},
};

use anyhow::Context;
use csv::{StringRecord, Writer, WriterBuilder};

use super::source::Place;
use crate::config::OnError;

/// What went wrong when there is an error about the file.
const UNWRITTEN: &str = "could not write the file of rejected rows";

/// A row that is not taken, and why.
#[derive(Clone, Debug)]
pub struct Refused {
    /// Where it stands.
    pub place: Place,
    /// Why it is not taken.
    pub reason: Reason,
}

/// Why a row is not taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reason {
    /// It has nothing in this column: files of the format have such rows, and they are of no use.
    LeftOut {
        /// The column.
        column: &'static str,
    },
    /// It is not what a row of its file must be.
    Wrong {
        /// In which column, unless it is wrong as a whole.
        column: Option<String>,
        /// What is wrong.
        message: String,
    },
}

/// The rows that are not taken.
#[derive(Debug)]
pub struct Rejections {
    /// How many rows there were, those that are taken included.
    pub rows: u64,
    on_error: OnError,
    counts: BTreeMap<String, u64>,
    path: Option<PathBuf>,
    writer: Option<Writer<File>>,
    /// The columns under which the last row was written.
    columns: StringRecord,
}

impl Rejections {
    /// None so far. They will be written to a new file at `path`, if there is one to be and there are any.
    pub fn new(on_error: OnError, path: Option<PathBuf>) -> Self {
        let (counts, columns) = (BTreeMap::new(), StringRecord::new());
        Self { rows: 0, on_error, counts, path, writer: None, columns }
    }

    /// What `outcome` gives, or nothing where it is a row that is rejected.
    ///
    /// # Errors
    /// When the row is wrong and such rows stop the import, and whenever `outcome` is another error.
    pub fn sift<T>(&mut self, outcome: anyhow::Result<T>) -> anyhow::Result<Option<T>> {
        match outcome.map_err(anyhow::Error::downcast::<Refused>) {
            Ok(value) => Ok(Some(value)),
            Err(Err(error)) => Err(error),
            Err(Ok(refused)) if self.on_error == OnError::Stop && refused.is_wrong() => Err(refused.into()),
            Err(Ok(refused)) => {
                self.write(&refused).context(UNWRITTEN)?;
                *self.counts.entry(refused.reason.kind()).or_default() += 1;
                Ok(None)
            }
        }
    }

    /// How many rows were rejected, by reason.
    pub fn counts(&self) -> BTreeMap<String, u64> {
        self.counts.clone()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.counts.is_empty()
    }

    /// Makes sure that the file can be written, and leaves everything there as it is.
    ///
    /// # Errors
    /// When it cannot.
    pub fn prove_place(&self) -> anyhow::Result<()> {
        let Some(path) = &self.path else { return Ok(()) };
        let proven = prove(path).with_context(|| path.display().to_string());
        proven.context(UNWRITTEN)
    }

    /// Completes the file, and gives its path if there is one.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn complete(&mut self) -> anyhow::Result<Option<PathBuf>> {
        let Some(writer) = &mut self.writer else { return Ok(None) };
        writer.flush().context(UNWRITTEN)?;
        Ok(self.path.clone())
    }

    /// Each row keeps its values, behind its file, its line and the reason. Rows of several files stand each below the
    /// columns of their own.
    fn write(&mut self, refused: &Refused) -> anyhow::Result<()> {
        let Some(path) = &self.path else { return Ok(()) };
        if self.writer.is_none() {
            let file = File::create(path).with_context(|| path.display().to_string())?;
            self.writer = Some(WriterBuilder::new().flexible(true).from_writer(file));
        }
        let Some(writer) = &mut self.writer else { return Ok(()) };
        let Place { head, line, values } = &refused.place;
        if self.columns != head.columns {
            writer.write_record(["file", "line", "reason"].into_iter().chain(&head.columns))?;
            self.columns.clone_from(&head.columns);
        }
        let (line, reason) = (line.to_string(), refused.reason.to_string());
        let begin = [head.file.as_bytes(), line.as_bytes(), reason.as_bytes()];
        writer.write_record(begin.into_iter().chain(values))?;
        Ok(())
    }
}

fn prove(path: &Path) -> io::Result<()> {
    match File::create_new(path) {
        Ok(_) => fs::remove_file(path),
        Err(error) if error.kind() == ErrorKind::AlreadyExists => OpenOptions::new().append(true).open(path).map(drop),
        Err(error) => Err(error),
    }
}

impl Place {
    /// The row here is wrong.
    pub fn wrong(self, column: Option<&str>, message: String) -> Refused {
        Refused { place: self, reason: Reason::Wrong { column: column.map(str::to_owned), message } }
    }

    /// The row here has nothing in a column, and is left out.
    pub fn left_out(self, column: &'static str) -> Refused {
        Refused { place: self, reason: Reason::LeftOut { column } }
    }
}

impl Refused {
    /// Whether the row is wrong, and not only of no use.
    pub fn is_wrong(&self) -> bool {
        matches!(self.reason, Reason::Wrong { .. })
    }
}

impl Reason {
    /// What rows are counted by.
    fn kind(&self) -> String {
        match self {
            Self::LeftOut { column } => format!("no {column}"),
            Self::Wrong { column: Some(column), .. } => format!("wrong {column}"),
            Self::Wrong { column: None, .. } => "wrong as a whole".to_owned(),
        }
    }
}

impl Display for Reason {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::LeftOut { column } => write!(formatter, "column {column}: is empty, and so the row is left out"),
            Self::Wrong { column: Some(column), message } => write!(formatter, "column {column}: {message}"),
            Self::Wrong { column: None, message } => formatter.write_str(message),
        }
    }
}

impl Display for Refused {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> fmt::Result {
        let Place { head, line, .. } = &self.place;
        let comma = match self.reason {
            Reason::Wrong { column: None, .. } => ":",
            _ => ",",
        };
        write!(formatter, "{}, line {line}{comma} {}", head.file, self.reason)
    }
}

impl std::error::Error for Refused {}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        config::{Format, ImportOptions},
        given::each_store_in,
        import::{self, tests::contents},
        progress::Progress,
    };

    const COLUMNS: &str = "InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country\n";
    const TAKEN: &str = "600001,1,A,1,2011-01-05 10:00:00,1,1,France\n";
    const LEFT_OUT: &str = "600002,1,A,1,2011-01-05 10:00:00,1,,France\n";

    fn options(file: &Path, rejected: PathBuf) -> ImportOptions {
        ImportOptions {
            files: vec![file.to_owned()],
            format: Format::OnlineRetail,
            recent: false,
            on_error: OnError::Skip,
            rejected: Some(rejected),
            dry_run: false,
        }
    }

    #[tokio::test]
    async fn rejected_rows_are_never_written_over_the_file_that_is_imported() -> anyhow::Result<()> {
        each_store_in("GBP", async |app| {
            let directory = tempfile::tempdir()?;
            let path = |name: &str| directory.path().join(name);
            let (file, text) = (path("corrected.csv"), [COLUMNS, LEFT_OUT].concat());
            fs::write(&file, &text)?;
            fs::create_dir(path("other"))?;
            fs::hard_link(&file, path("linked.csv"))?;

            for name in ["corrected.csv", "other/../corrected.csv", "linked.csv"] {
                let refused = import::run(&app, &options(&file, path(name)), &Progress::silent()).await;

                let expected = format!(
                    "rejected rows would go to {}, which is imported itself; name another file with --rejected",
                    path(name).display()
                );
                assert_eq!(refused.expect_err("the same file").to_string(), expected);
                assert_eq!(fs::read_to_string(&file)?, text);
            }
            Ok(())
        })
        .await
    }

    #[tokio::test]
    async fn an_import_whose_rejected_rows_have_no_place_writes_nothing() -> anyhow::Result<()> {
        each_store_in("GBP", async |app| {
            let directory = tempfile::tempdir()?;
            let file = Path::new("data/online_retail_2010-12-01_09.csv.gz");
            let before = contents(&app).await?;

            for name in ["missing/rejected.csv", "."] {
                let options = options(file, directory.path().join(name));
                let refused = import::run(&app, &options, &Progress::silent()).await;

                let told = refused.expect_err("no place for them").to_string();
                assert_eq!(told, "could not write the file of rejected rows");
                assert!(contents(&app).await? == before, "rows have changed: {name}");
            }
            Ok(())
        })
        .await
    }

    #[tokio::test]
    async fn there_is_no_file_of_rejected_rows_unless_there_are_some() -> anyhow::Result<()> {
        each_store_in("GBP", async |app| {
            let directory = tempfile::tempdir()?;
            let (file, rejected) = (directory.path().join("shop.csv"), directory.path().join("rejected.csv"));
            let load = async |text: &[&str], rejected: &Path| {
                fs::write(&file, text.concat())?;
                import::run(&app, &options(&file, rejected.to_owned()), &Progress::silent()).await
            };

            load(&[COLUMNS, TAKEN], &rejected).await?;
            assert!(!rejected.exists());
            load(&[COLUMNS, TAKEN], &directory.path().join("missing/rejected.csv")).await?;
            fs::write(&rejected, "of an earlier import")?;
            load(&[COLUMNS, TAKEN], &rejected).await?;
            assert_eq!(fs::read_to_string(&rejected)?, "of an earlier import");
            load(&[COLUMNS, TAKEN, LEFT_OUT], &rejected).await?;
            assert_eq!(fs::read_to_string(&rejected)?.lines().count(), 2);
            Ok(())
        })
        .await
    }
}

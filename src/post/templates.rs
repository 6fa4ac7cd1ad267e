//! Templates: files from which messages are written, in several languages.
//!
//! A file is called `{language}/{name}.{part}`. The parts are `txt`, the plain text of mail, whose first line is
//! `Subject: …`; `html`, the same as HTML, which may be missing; and `sms`. Those of the program can be replaced, and
//! others added, by a directory of the same shape. What is put into HTML is escaped.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::Path,
};

use anyhow::{Context, bail};
use minijinja::{Environment, UndefinedBehavior, syntax::SyntaxConfig, value::Serde};
use rust_embed::RustEmbed;
use serde_json::Value;

/// Everything below `templates/`.
#[derive(RustEmbed)]
#[folder = "templates/"]
struct BuiltIn;

/// The language of those who state none, and of those for whose language there is no template.
const DEFAULT_LANGUAGE: &str = "en";

/// What the first line of the plain text begins with.
const SUBJECT: &str = "Subject:";

/// A part of a message, each a template of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// The subject of mail.
    Subject,
    /// The plain text of mail.
    Text,
    /// The HTML of mail, and of pages.
    Html,
    /// A text message.
    Sms,
}

/// All templates, ready to be filled in.
#[derive(Clone, Debug)]
pub struct Templates {
    environment: Environment<'static>,
    /// The languages there are, in lower case, each with the directory that holds it.
    languages: BTreeMap<String, String>,
}

impl Part {
    fn extension(self) -> &'static str {
        match self {
            Self::Subject => "subject",
            Self::Text => "txt",
            Self::Html => "html",
            Self::Sms => "sms",
        }
    }
}

impl Templates {
    /// The templates of the program, and those in `directory`, which take their place.
    ///
    /// # Errors
    /// When one of them cannot be read, or is not well-formed; the file is named.
    pub fn load(directory: Option<&Path>) -> anyhow::Result<Self> {
        let mut sources: BTreeMap<String, String> = BTreeMap::new();
        for path in BuiltIn::iter() {
            let file = BuiltIn::get(&path).with_context(|| format!("{path} is not part of the program"))?;
            let text = String::from_utf8(file.data.into_owned()).with_context(|| format!("{path} is not UTF-8"))?;
            sources.insert(path.into_owned(), text);
        }
        if let Some(directory) = directory {
            sources.extend(files(directory)?);
        }
        let mut environment = Environment::new();
        environment.set_undefined_behavior(UndefinedBehavior::Strict);
        let syntax = SyntaxConfig::builder().trim_blocks(true).lstrip_blocks(true).build();
        environment.set_syntax(syntax.context("the syntax of templates is wrong")?);
        let mut languages = BTreeMap::new();
        for (path, source) in sources {
            let (language, _) =
                path.split_once('/').with_context(|| format!("{path}: expected it below a language"))?;
            languages.insert(language.to_lowercase(), language.to_owned());
            add(&mut environment, &path, source).with_context(|| format!("the template {path} cannot be used"))?;
        }
        Ok(Self { environment, languages })
    }

    /// The names of the templates that messages with this part can be written from.
    #[must_use]
    pub fn names(&self, part: Part) -> BTreeSet<&str> {
        let names = self.environment.templates().filter_map(|(path, _)| {
            let (_, file) = path.split_once('/')?;
            file.strip_suffix(part.extension())?.strip_suffix('.')
        });
        names.collect()
    }

    /// The languages there are.
    pub fn languages(&self) -> impl Iterator<Item = &str> {
        self.languages.values().map(String::as_str)
    }

    /// The language in which a part of a template is written for somebody who prefers the language `wanted`, by the
    /// lookup of RFC 4647, section 3.4: `de-AT` finds `de`. None when there is no such template.
    #[must_use]
    pub fn language(&self, name: &str, part: Part, wanted: Option<&str>) -> Option<&str> {
        let known = |language: &str| {
            let directory = self.languages.get(&language.to_lowercase())?;
            self.has(directory, name, part).then_some(directory.as_str())
        };
        let mut range = wanted.unwrap_or(DEFAULT_LANGUAGE);
        loop {
            if let Some(language) = known(range) {
                return Some(language);
            }
            let Some((shorter, _)) = range.rsplit_once('-') else { break };
            // A letter by itself introduces what follows it, and means nothing without.
            range = match shorter.rsplit_once('-') {
                Some((rest, single)) if single.len() == 1 => rest,
                _ => shorter,
            };
        }
        known(DEFAULT_LANGUAGE).or_else(|| self.languages.keys().find_map(|language| known(language)))
    }

    /// A part of a template, filled in with `facts`. None when the template has no such part in this language.
    ///
    /// # Errors
    /// When the template asks for something that is not among the facts, or fails otherwise.
    pub fn render(&self, language: &str, name: &str, part: Part, facts: &Value) -> anyhow::Result<Option<String>> {
        if !self.has(language, name, part) {
            return Ok(None);
        }
        let path = path(language, name, part);
        let text = self.environment.get_template(&path).and_then(|template| template.render(Serde(facts)));
        let text = text.with_context(|| format!("the template {path} could not be filled in"))?;
        Ok(Some(match part {
            // A subject is one line, whatever a name holds.
            Part::Subject => text.split_whitespace().collect::<Vec<_>>().join(" "),
            Part::Sms => text.trim().to_owned(),
            Part::Text | Part::Html => text,
        }))
    }

    fn has(&self, language: &str, name: &str, part: Part) -> bool {
        self.environment.get_template(&path(language, name, part)).is_ok()
    }
}

fn path(language: &str, name: &str, part: Part) -> String {
    format!("{language}/{name}.{}", part.extension())
}

/// Adds a file: two templates where its first line is a subject.
fn add(environment: &mut Environment<'static>, path: &str, source: String) -> anyhow::Result<()> {
    let Some(stem) = path.strip_suffix(".txt") else {
        environment.add_template_owned(path.to_owned(), source)?;
        return Ok(());
    };
    let (subject, text) = source.split_once('\n').unwrap_or((&source, ""));
    let Some(subject) = subject.strip_prefix(SUBJECT) else { bail!("expected the first line to be \"{SUBJECT} …\"") };
    environment.add_template_owned(format!("{stem}.subject"), subject.trim().to_owned())?;
    environment.add_template_owned(path.to_owned(), text.trim_start_matches('\n').to_owned())?;
    Ok(())
}

/// The files in the directories of languages in `directory`, by `{language}/{file}`.
fn files(directory: &Path) -> anyhow::Result<BTreeMap<String, String>> {
    let mut files = BTreeMap::new();
    for language in entries(directory)? {
        if !language.is_dir() {
            continue;
        }
        for file in entries(&language)? {
            let has_part = ["txt", "html", "sms"].iter().any(|part| file.extension().is_some_and(|own| own == *part));
            let path = file.strip_prefix(directory).ok().and_then(Path::to_str).filter(|_| has_part);
            let Some(path) = path else { continue };
            let text = fs::read_to_string(&file).with_context(|| format!("could not read {}", file.display()))?;
            files.insert(path.to_owned(), text);
        }
    }
    Ok(files)
}

fn entries(directory: &Path) -> anyhow::Result<Vec<std::path::PathBuf>> {
    let context = || format!("could not read {}", directory.display());
    let entries = fs::read_dir(directory).with_context(context)?;
    entries.map(|entry| Ok(entry.with_context(context)?.path())).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn templates(files: &[(&str, &str)]) -> anyhow::Result<Templates> {
        let directory = tempfile::tempdir()?;
        for (path, text) in files {
            let path = directory.path().join(path);
            fs::create_dir_all(path.parent().expect("a directory"))?;
            fs::write(path, text)?;
        }
        Templates::load(Some(directory.path()))
    }

    #[test]
    fn a_language_is_found_by_lookup() -> anyhow::Result<()> {
        let templates = templates(&[("zh-Hant/news.sms", ""), ("en/news.sms", ""), ("fr/other.sms", "")])?;
        // RFC 4647, section 3.4: zh-Hant-CN-x-private1-private2.
        let cases = [
            (Some("zh-Hant-CN-x-private1-private2"), "zh-Hant"),
            (Some("zh-hant"), "zh-Hant"),
            (Some("zh"), "en"),
            (Some("fr"), "en"),
            (Some("en-GB"), "en"),
            (None, "en"),
        ];

        for (wanted, expected) in cases {
            assert_eq!(templates.language("news", Part::Sms, wanted), Some(expected), "{wanted:?}");
        }
        assert_eq!(templates.language("other", Part::Sms, Some("de")), Some("fr"));
        assert_eq!(templates.language("none", Part::Sms, None), None);
        assert_eq!(templates.language("news", Part::Text, None), None);
        Ok(())
    }

    #[test]
    fn html_is_escaped_and_a_subject_is_one_line() -> anyhow::Result<()> {
        let source = "Subject: To {{ name }}\n\nDear {{ name }},\n";
        let templates = templates(&[("en/news.txt", source), ("en/news.html", "<p>{{ name }}</p>")])?;
        let facts = json!({ "name": "<b>\"J\" &\r\nBcc: all" });
        let render = |part| templates.render("en", "news", part, &facts);

        assert_eq!(render(Part::Subject)?.as_deref(), Some("To <b>\"J\" & Bcc: all"));
        assert_eq!(render(Part::Text)?.as_deref(), Some("Dear <b>\"J\" &\r\nBcc: all,"));
        assert_eq!(render(Part::Html)?.as_deref(), Some("<p>&lt;b&gt;&quot;J&quot; &amp;\r\nBcc: all</p>"));
        assert_eq!(render(Part::Sms)?, None);
        Ok(())
    }

    #[test]
    fn a_wrong_file_is_named() {
        let broken = templates(&[("en/news.html", "{% if %}")]).expect_err("not well-formed");
        let without = templates(&[("en/news.txt", "Hello\n")]).expect_err("no subject");
        let unknown = templates(&[("en/news.sms", "{{ nmae }}")]).expect("well-formed");

        assert!(broken.to_string().contains("en/news.html"), "{broken}");
        assert!(without.to_string().contains("en/news.txt"), "{without}");
        let unknown = unknown.render("en", "news", Part::Sms, &json!({ "name": "" })).expect_err("no such fact");
        assert!(unknown.to_string().contains("en/news.sms"), "{unknown}");
    }
}

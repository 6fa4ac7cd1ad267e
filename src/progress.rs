//! How far a long command has come, for whoever waits for it.

use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

/// A line is written for each of so many parts, where there is no terminal to draw a bar on.
const PARTS: u64 = 10;

/// How often a bar moves by itself.
const TICK: Duration = Duration::from_millis(200);

/// What is done sooner has one line only.
const SOON: Duration = Duration::from_secs(2);

/// A bar on a terminal, plain lines elsewhere, both on standard error; or nothing.
#[derive(Clone, Debug)]
pub struct Progress {
    bar: ProgressBar,
    writes_lines: bool,
}

impl Progress {
    /// Tells nobody.
    #[must_use]
    pub fn silent() -> Self {
        Self { bar: ProgressBar::with_draw_target(None, ProgressDrawTarget::hidden()), writes_lines: false }
    }

    /// Tells on standard error.
    #[must_use]
    pub fn on_stderr() -> Self {
        let bar = ProgressBar::new(0);
        bar.enable_steady_tick(TICK);
        Self { writes_lines: bar.is_hidden(), bar }
    }

    /// `count` things are to be done from now on, such as "rows".
    pub fn begin(&self, things: &'static str, count: u64) {
        let style = ProgressStyle::with_template("{wide_bar} {human_pos} of {human_len} {msg}, {per_sec}, {eta} left");
        self.bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
        self.bar.set_message(things);
        self.bar.set_length(count);
        self.bar.reset();
    }

    /// Something is done from now on of which nobody knows how long it takes, such as "fitting".
    pub fn wait(&self, doing: &'static str) {
        let style = ProgressStyle::with_template("{spinner} {msg}, {elapsed}");
        self.bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_spinner()));
        self.bar.set_message(doing);
        self.bar.reset();
        if self.writes_lines {
            eprintln!("{doing}");
        }
    }

    /// `count` more things are done.
    pub fn advance(&self, count: u64) {
        let before = self.bar.position();
        self.bar.inc(count);
        let (after, all) = (self.bar.position(), self.bar.length().unwrap_or_default());
        let is_told = after >= all || self.bar.elapsed() > SOON;
        if self.writes_lines && is_told && all > 0 && before * PARTS / all < after * PARTS / all {
            let (rate, left) = (self.bar.per_sec(), self.bar.eta().as_secs());
            eprintln!("{after} of {all} {}, {rate:.0}/s, {left} s left", self.bar.message());
        }
    }

    /// Everything is done: the bar goes away.
    pub fn finish(&self) {
        self.bar.finish_and_clear();
    }
}

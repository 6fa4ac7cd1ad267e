//! How far a long command has come, for whoever waits for it.

use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

/// A line is written for each of so many parts, where there is no terminal to draw a bar on.
const PARTS: u64 = 10;

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

    /// Counts `things`, such as "rows", on standard error.
    #[must_use]
    pub fn on_stderr(things: &'static str) -> Self {
        let style = ProgressStyle::with_template("{wide_bar} {human_pos} of {human_len} {msg}, {eta} left")
            .unwrap_or_else(|_| ProgressStyle::default_bar());
        let bar = ProgressBar::new(0).with_style(style).with_message(things);
        bar.enable_steady_tick(Duration::from_millis(200));
        Self { writes_lines: bar.is_hidden(), bar }
    }

    /// There are `count` more things to do.
    pub fn expect(&self, count: u64) {
        self.bar.inc_length(count);
    }

    /// `count` more things are done.
    pub fn advance(&self, count: u64) {
        let before = self.bar.position();
        self.bar.inc(count);
        let (after, all) = (self.bar.position(), self.bar.length().unwrap_or_default());
        if self.writes_lines && all > 0 && before * PARTS / all < after * PARTS / all {
            eprintln!("{after} of {all} {}", self.bar.message());
        }
    }

    /// Everything is done: the bar goes away.
    pub fn finish(&self) {
        self.bar.finish_and_clear();
    }
}

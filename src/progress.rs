//! How far a long command has come, for whoever waits for it.

use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

/// A line is written for each of so many parts, where there is no terminal to draw a bar on.
const PARTS: u64 = 10;

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
        let style = ProgressStyle::with_template("{wide_bar} {human_pos} of {human_len} {msg}, {per_sec}, {eta} left")
            .unwrap_or_else(|_| ProgressStyle::default_bar());
        let bar = ProgressBar::new(0).with_style(style);
        bar.enable_steady_tick(Duration::from_millis(200));
        Self { writes_lines: bar.is_hidden(), bar }
    }

    /// `count` things are to be done from now on, such as "rows".
    pub fn begin(&self, things: &'static str, count: u64) {
        self.bar.set_message(things);
        self.bar.set_length(count);
        self.bar.reset();
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

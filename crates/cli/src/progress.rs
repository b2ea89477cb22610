//! What is said on a terminal while something takes long.

use std::io::IsTerminal;
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::thread::JoinHandle;
use std::time::Duration;

use files::{Cluster, Copied, FileError};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

/// What takes no longer than this is not worth a word.
const SHORT: Duration = Duration::from_millis(500);
/// How often a spinner turns.
const TURN: Duration = Duration::from_millis(100);

/// A bar or a spinner on standard error, if that is a terminal and it takes long; gone once this is dropped.
pub(crate) struct Progress {
    bar: ProgressBar,
    /// Whoever waits to show it, and what tells that nobody has to any more.
    waiting: Option<(Sender<()>, JoinHandle<()>)>,
}

impl Progress {
    /// A spinner with a word for what is going on, unless nobody wants to hear it.
    pub(crate) fn spinner(wanted: bool, word: &str) -> Self {
        let style = ProgressStyle::with_template("{spinner} {msg}").unwrap_or_else(|_| spinning());
        Self::new(wanted, ProgressBar::no_length().with_style(style).with_message(word.to_owned()))
    }

    /// A bar of so many steps.
    pub(crate) fn bar(wanted: bool, steps: usize) -> Self {
        let bar = ProgressBar::no_length();
        bar.set_length(steps.try_into().unwrap_or(u64::MAX));
        let style = ProgressStyle::with_template("{wide_bar} {pos}/{len} {msg}");
        Self::new(wanted, bar.with_style(style.unwrap_or_else(|_| spinning())))
    }

    fn new(wanted: bool, bar: ProgressBar) -> Self {
        bar.set_draw_target(ProgressDrawTarget::hidden());
        if !wanted || !std::io::stderr().is_terminal() {
            return Self { bar, waiting: None };
        }
        let (sender, done) = channel();
        let shown = bar.clone();
        let waits = std::thread::spawn(move || {
            if done.recv_timeout(SHORT) == Err(RecvTimeoutError::Timeout) {
                shown.set_draw_target(ProgressDrawTarget::stderr());
                shown.enable_steady_tick(TURN);
            }
        });
        Self { bar, waiting: Some((sender, waits)) }
    }

    /// So much of so much is done, and this is next.
    pub(crate) fn at(&self, done: usize, all: usize, next: &str) {
        self.bar.set_length(all.try_into().unwrap_or(u64::MAX));
        self.bar.set_position(done.try_into().unwrap_or(u64::MAX));
        self.bar.set_message(next.to_owned());
    }

    /// One more step is done.
    pub(crate) fn step(&self) {
        self.bar.inc(1);
    }

    /// What comes of something, with a spinner while it goes on.
    pub(crate) fn during<T>(wanted: bool, word: &str, work: impl FnOnce() -> T) -> T {
        let _progress = Self::spinner(wanted, word);
        work()
    }

    /// The objects of a cluster, with a bar while kubectl is asked for them.
    pub(crate) fn asking(wanted: bool, cluster: &Cluster) -> Result<Copied, FileError> {
        let progress = Self::bar(wanted, 0);
        cluster.read(|done, all, next| progress.at(done, all, next))
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        if let Some((sender, waits)) = self.waiting.take() {
            drop(sender);
            // It ends at once, and nothing is drawn behind what follows.
            let _ = waits.join();
        }
        self.bar.finish_and_clear();
    }
}

fn spinning() -> ProgressStyle {
    ProgressStyle::default_spinner()
}

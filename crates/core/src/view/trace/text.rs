//! A trace as text.

use std::fmt::Write as _;

use super::causes;
use crate::snapshot::Cause;
use crate::trace::{Chance, DecidedBy, Decision, Detail, Place, Step, Target, Trace, Verdict};
use crate::view::origins::{Located, Places};
use crate::view::words::verdict;

/// The lines that are shown of what decided.
const LINES: usize = 8;
/// The details that are shown of what decided, without `all`.
const DETAILS: usize = 10;

/// A trace as text: the verdict in a sentence with file and line, what else may come of it, the way with the
/// lines that decided, and where it goes; with `all` also what did not match.
#[must_use]
pub fn text(trace: &Trace, places: &Places<'_>, all: bool) -> String {
    let page = Page { located: places.locate_causes(causes(trace)), places, text: String::new() };
    page.written(trace, all)
}

struct Page<'a> {
    located: Located<'a>,
    places: &'a Places<'a>,
    text: String,
}

impl Page<'_> {
    /// A line at a depth.
    fn line(&mut self, depth: usize, text: &str) {
        // Writing to a string does not fail.
        let _ = writeln!(self.text, "{:indent$}{text}", "", indent = depth * 2);
    }

    fn written(mut self, trace: &Trace, all: bool) -> String {
        self.verdicts(trace);
        let deciding = trace.deciding_step();
        let by = trace.decided_by.as_ref().map(|DecidedBy(cause)| cause);
        for step in &trace.steps {
            let decides = deciding.is_some_and(|deciding| std::ptr::eq(deciding, step));
            self.step(step, (decides, by), all);
        }
        let arrives = |chance: &Chance| matches!(chance.outcome.verdict, Verdict::Allowed | Verdict::Unknown);
        if trace.outcomes.iter().any(arrives) {
            self.targets("to", &trace.destinations);
            self.targets("copied to", &trace.mirrors);
            if let Some(request) = &trace.request {
                self.line(1, &format!("as {} {}{}", request.method, request.authority, request.path));
            }
        }
        trace.caveats.iter().for_each(|caveat| self.line(1, &format!("note: {caveat}")));
        self.text
    }

    /// What comes of it: a line for each outcome.
    fn verdicts(&mut self, trace: &Trace) {
        for chance in &trace.outcomes {
            let verdict = self.verdict(trace, chance);
            let odds = (trace.outcomes.len() > 1).then(|| format!("{} ", percent(chance.probability)));
            self.line(0, &(odds.unwrap_or_default() + &verdict));
        }
    }

    /// `DENIED 403 by AuthorizationPolicy shop/readers (shop.yaml:93) at waypoint shop/waypoint: …`.
    fn verdict(&self, trace: &Trace, chance: &Chance) -> String {
        let outcome = &chance.outcome;
        let mut text = verdict(outcome.verdict).to_owned();
        match (outcome.status, outcome.grpc_status) {
            (_, Some(status)) => {
                let _ = write!(text, " with gRPC status {status}");
            }
            (Some(status), None) => {
                let _ = write!(text, " {status}");
            }
            (None, None) => {}
        }
        if let Some(DecidedBy(cause)) = &outcome.decided_by {
            let _ = write!(text, " by {}", self.cause(cause));
        }
        match (outcome.decided_at, &trace.waypoint) {
            (Place::Waypoint, Some(name)) => {
                let _ = write!(text, " at waypoint {name}");
            }
            (Place::Destination, Some(name)) if outcome.verdict == Verdict::Allowed => {
                let _ = write!(text, " through waypoint {name}");
            }
            (Place::Destination, _) if outcome.verdict == Verdict::Denied => {
                text.push_str(" at the ztunnel of the destination");
            }
            (Place::Destination, None) => text.push_str(" without a waypoint"),
            _ => {}
        }
        let _ = write!(text, ": {}", outcome.reason);
        text
    }

    /// An object with its field and place.
    fn cause(&self, cause: &Cause) -> String {
        format!("{cause}{}", self.place(cause).unwrap_or_default())
    }

    fn targets(&mut self, how: &str, targets: &[Target]) {
        for target in targets {
            let name = match (&target.service, &target.subset) {
                (Some(service), Some(subset)) => format!("{service}, subset {subset}"),
                (Some(service), None) => service.clone(),
                (None, _) => target.cluster.clone(),
            };
            let odds = if target.probability < 1.0 {
                format!(" {}", percent(target.probability))
            } else {
                String::new()
            };
            let tls = target.tls.as_ref().map(|tls| format!(", by {tls}")).unwrap_or_default();
            let separator = if name.is_empty() { "" } else { " " };
            self.line(1, &format!("{how}{separator}{name}{odds}{tls}: {}", endpoints(target)));
        }
    }

    fn step(&mut self, step: &Step, (decides, decided_by): (bool, Option<&Cause>), all: bool) {
        let sign = match step.decision {
            Decision::Passed | Decision::Taken => "✓",
            Decision::Skipped => "-",
            Decision::Denied | Decision::Failed => "✗",
            Decision::Answered => "↩",
            Decision::Unknown => "?",
        };
        let at = match step.at {
            Place::Client => "client",
            Place::Waypoint => "waypoint",
            Place::Destination => "destination",
        };
        let because = step.because.first().map(|DecidedBy(cause)| cause);
        let place = because.filter(|_| !all).and_then(|cause| self.place(cause)).unwrap_or_default();
        self.line(1, &format!("{sign} {at}: {}: {}{place}", step.what, step.text));
        if let Some(cause) = because.filter(|_| all) {
            let cause = self.cause(cause);
            self.line(3, &format!("because of {cause}"));
        }
        let is_alone = step.details.iter().all(|detail| detail.because.is_none());
        if let Some(cause) = because.or(decided_by).filter(|_| decides && is_alone) {
            self.excerpt(5, cause);
        }
        let most = match (all, decides) {
            (true, _) => usize::MAX,
            (false, true) => DETAILS,
            (false, false) => 0,
        };
        for detail in step.details.iter().take(most) {
            self.detail(3, detail);
            if let Some(DecidedBy(cause)) = detail.because.as_ref().filter(|_| decides) {
                self.excerpt(5, cause);
            }
        }
        let more = step.details.len().saturating_sub(most);
        if decides && more > 0 {
            self.line(3, &format!("and {more} more: --explain-all shows all"));
        }
    }

    fn detail(&mut self, depth: usize, detail: &Detail) {
        let sign = match detail.fits {
            Some(true) => "✓",
            Some(false) => "✗",
            None => "?",
        };
        let place = detail.because.as_ref().and_then(|DecidedBy(cause)| self.place(cause));
        self.line(depth, &format!("{sign} {}{}", detail.text, place.unwrap_or_default()));
    }

    /// Where a cause stands: ` (shop.yaml:12)`.
    fn place(&self, cause: &Cause) -> Option<String> {
        let maker = self.located.maker(cause);
        maker.file.zip(maker.line).map(|(file, line)| format!(" ({file}:{line})"))
    }

    /// The lines of a field.
    fn excerpt(&mut self, depth: usize, cause: &Cause) {
        for (number, line) in self.places.excerpt(&self.located.maker(cause), LINES) {
            self.line(depth, format!("{number} | {line}").trim_end());
        }
    }
}

/// The first endpoints of a target, and how many more there are.
fn endpoints(target: &Target) -> String {
    const MAX_SHOWN: usize = 5;
    let named = target.endpoints.iter().take(MAX_SHOWN).map(|endpoint| match &endpoint.workload {
        Some(workload) => format!("{} ({workload})", endpoint.address),
        None => endpoint.address.clone(),
    });
    let named: Vec<String> = named.collect();
    match target.endpoints.len() {
        0 => "addresses that files do not tell".to_owned(),
        all if all > MAX_SHOWN => format!("{} and {} more", named.join(", "), all - MAX_SHOWN),
        _ => named.join(", "),
    }
}

fn percent(odds: f64) -> String {
    format!("{} %", (odds * 10_000.0).round() / 100.0)
}

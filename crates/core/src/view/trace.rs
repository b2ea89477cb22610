//! A trace as text, and as JSON.

use std::fmt::Write as _;

use serde_json::{Value, json};

use super::origins::{Located, Places};
use crate::snapshot::Cause;
use crate::trace::{Because, Chance, Decision, Detail, Place, Step, Target, Trace, Verdict};

/// A trace as text: the verdict in a sentence with file and line, what else may come of it, and where it goes; with `explain`
/// every step of the way.
#[must_use]
pub fn text(trace: &Trace, places: &Places<'_>, explain: bool) -> String {
    let causes = causes(trace);
    let page = Page { located: places.locate_causes(causes), text: String::new() };
    page.written(trace, explain)
}

/// A trace as JSON: what [`Trace`] has, with `place` (file and line) in `decidedBy`.
///
/// # Errors
///
/// Those of `serde_json`; a trace has nothing that is no JSON.
pub fn json(trace: &Trace, places: &Places<'_>) -> Result<Value, serde_json::Error> {
    let mut value = serde_json::to_value(trace)?;
    let Some(Because(cause)) = &trace.decided_by else { return Ok(value) };
    let located = places.locate_causes([cause]);
    let maker = located.maker(cause);
    if let Some(Value::Object(by)) = value.get_mut("decidedBy") {
        let place =
            maker.file.as_ref().map(|file| json!({"file": file, "line": maker.line, "column": maker.column}));
        by.insert("place".to_owned(), place.unwrap_or_default());
    }
    Ok(value)
}

/// Every cause that is shown.
fn causes(trace: &Trace) -> Vec<&Cause> {
    let of_steps = trace.steps.iter().flat_map(|step| {
        step.because.iter().chain(step.details.iter().filter_map(|detail| detail.because.as_ref()))
    });
    let of_outcomes = trace.outcomes.iter().filter_map(|chance| chance.outcome.decided_by.as_ref());
    of_steps.chain(of_outcomes).map(|because| &because.0).collect()
}

struct Page<'a> {
    located: Located<'a>,
    text: String,
}

impl Page<'_> {
    /// A line at a depth.
    fn line(&mut self, depth: usize, text: &str) {
        // Writing to a string does not fail.
        let _ = writeln!(self.text, "{:indent$}{text}", "", indent = depth * 2);
    }

    fn written(mut self, trace: &Trace, explain: bool) -> String {
        match trace.outcomes.as_slice() {
            [] | [_] => {
                let only = trace.outcomes.first().map(|chance| self.verdict(trace, chance));
                self.line(0, &only.unwrap_or_default());
            }
            several => {
                for chance in several {
                    let line = format!("{} {}", percent(chance.probability), self.verdict(trace, chance));
                    self.line(0, &line);
                }
            }
        }
        if trace
            .outcomes
            .iter()
            .any(|chance| matches!(chance.outcome.verdict, Verdict::Allowed | Verdict::Unknown))
        {
            self.targets("to", &trace.destinations);
            self.targets("copied to", &trace.mirrors);
            if let Some(request) = &trace.request {
                self.line(1, &format!("as {} {}{}", request.method, request.authority, request.path));
            }
        }
        trace.caveats.iter().for_each(|caveat| self.line(1, &format!("note: {caveat}")));
        if explain {
            self.line(0, "");
            trace.steps.iter().for_each(|step| self.step(step));
        } else if let Some(step) = trace.deciding_step() {
            const MOST: usize = 10;
            step.details.iter().take(MOST).for_each(|detail| self.detail(1, detail));
            let more = step.details.len().saturating_sub(MOST);
            if more > 0 {
                self.line(1, &format!("and {more} more: --explain shows all"));
            }
        }
        self.text
    }

    /// `DENIED 403 by AuthorizationPolicy shop/readers (shop.yaml:93) at waypoint shop/waypoint: …`.
    fn verdict(&self, trace: &Trace, chance: &Chance) -> String {
        let outcome = &chance.outcome;
        let mut text = match outcome.verdict {
            Verdict::Allowed => "ALLOWED",
            Verdict::Denied => "DENIED",
            Verdict::Answered => "ANSWERED",
            Verdict::Failed => "FAILED",
            Verdict::Unknown => "UNKNOWN",
        }
        .to_owned();
        match (outcome.status, outcome.grpc_status) {
            (_, Some(status)) => {
                let _ = write!(text, " with gRPC status {status}");
            }
            (Some(status), None) => {
                let _ = write!(text, " {status}");
            }
            (None, None) => {}
        }
        if let Some(Because(cause)) = &outcome.decided_by {
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
        let maker = self.located.maker(cause);
        let field = if cause.field.is_root() { String::new() } else { format!(" {}", cause.field) };
        match (&maker.file, maker.line) {
            (Some(file), Some(line)) => format!("{}{field} ({file}:{line})", cause.object),
            _ => format!("{}{field}", cause.object),
        }
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

    fn step(&mut self, step: &Step) {
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
        self.line(0, &format!("{sign} {at}: {}: {}", step.what, step.text));
        if let Some(Because(cause)) = step.because.first() {
            let cause = self.cause(cause);
            self.line(2, &format!("because of {cause}"));
        }
        step.details.iter().for_each(|detail| self.detail(2, detail));
    }

    fn detail(&mut self, depth: usize, detail: &Detail) {
        let sign = match detail.fits {
            Some(true) => "✓",
            Some(false) => "✗",
            None => "?",
        };
        let line = match &detail.because {
            Some(Because(cause)) => {
                let maker = self.located.maker(cause);
                let place =
                    maker.file.as_ref().zip(maker.line).map(|(file, line)| format!(" ({file}:{line})"));
                format!("{sign} {}{}", detail.text, place.unwrap_or_default())
            }
            None => format!("{sign} {}", detail.text),
        };
        self.line(depth, &line);
    }
}

/// The first endpoints of a target, and how many more there are.
fn endpoints(target: &Target) -> String {
    const MOST: usize = 5;
    let named = target.endpoints.iter().take(MOST).map(|endpoint| match &endpoint.workload {
        Some(workload) => format!("{} ({workload})", endpoint.address),
        None => endpoint.address.clone(),
    });
    let named: Vec<String> = named.collect();
    match target.endpoints.len() {
        0 => "addresses that files do not tell".to_owned(),
        all if all > MOST => format!("{} and {} more", named.join(", "), all - MOST),
        _ => named.join(", "),
    }
}

fn percent(odds: f64) -> String {
    format!("{} %", (odds * 10_000.0).round() / 100.0)
}

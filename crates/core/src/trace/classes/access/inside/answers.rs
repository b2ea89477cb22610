//! What a proxy answers itself, whatever route there is: preflights, faults.

use decisions::text::Pattern;
use decisions::{Condition as Diagram, Decision, TooMuch};

use super::super::marks::{Mark, Marks};
use super::super::overlay::overlay;
use super::{Inner, Made, PREFLIGHT, Taken};
use crate::trace::classes::attribute::{Attribute, of_header};
use crate::trace::classes::condition::{Builder, known};
use crate::trace::classes::language;
use crate::trace::traffic::Fault;

impl<'c> Inner<'c> {
    /// Preflights, which the proxy answers.
    pub(super) fn cors(&self, builder: &mut Builder<'_>, marks: &mut Marks, after: Decision) -> Made {
        let answers = self.by_route(builder, marks, &mut |builder, marks, taken| {
            let nothing = Decision::always(marks.number(Mark::Nothing));
            let Taken::Route { host, route, message, .. } = taken else { return Ok(nothing) };
            let Some(cors) = message.cors.as_ref().filter(|cors| cors.enabled) else { return Ok(nothing) };
            let mut answered = preflight(builder)?;
            if cors.forwards_others {
                let mut allowed = Diagram::NO;
                for origin in &cors.origins {
                    let any = known(origin.truth("*"));
                    let pattern = language::of(origin);
                    let fits = builder.among(&of_header("origin"), |domain| domain.texts(&pattern?))?;
                    allowed = builder.diagrams.or(allowed, any)?;
                    allowed = builder.diagrams.or(allowed, fits)?;
                }
                answered = builder.diagrams.and(answered, allowed)?;
            }
            let mark = Decision::always(marks.number(Mark::Preflight { host, route }));
            builder.diagrams.choose(answered, mark, nothing)
        })?;
        overlay(builder, marks, answers, after)
    }

    /// Faults that are injected, by a route's own configuration or that for all.
    pub(super) fn faults(
        &self,
        builder: &mut Builder<'_>,
        marks: &mut Marks,
        general: &'c Fault,
        after: Decision,
    ) -> Made {
        let faults = self.by_route(builder, marks, &mut |builder, marks, taken| {
            let (own, route) = match taken {
                Taken::Route { host, route, message, .. } => (message.fault.as_ref(), Some((host, route))),
                Taken::Nobody(_) => (None, None),
            };
            let fault = own.unwrap_or(general);
            let nothing = Decision::always(marks.number(Mark::Nothing));
            if !fault.may_do_anything() {
                return Ok(nothing);
            }
            let mut fits = Diagram::YES;
            for header in &fault.headers {
                let one = builder.header(header)?;
                fits = builder.diagrams.and(fits, one)?;
            }
            // What comes after it is put in where the two are laid over each other.
            let mark = if fault.conditional { Mark::Unknown } else { Mark::Fault { route, after: u32::MAX } };
            let mark = Decision::always(marks.number(mark));
            builder.diagrams.choose(fits, mark, nothing)
        })?;
        overlay(builder, marks, faults, after)
    }
}

/// A request of a browser that asks whether it may ask.
fn preflight(builder: &mut Builder<'_>) -> Result<Diagram, TooMuch> {
    let options = Pattern::exact("OPTIONS");
    let mut all = builder.among(&Attribute::Method, |domain| domain.texts(&options))?;
    for header in PREFLIGHT {
        let header = of_header(header);
        let present = builder.among(&header, |domain| Some(domain.present()))?;
        let empty = builder.among(&header, |domain| domain.texts(&Pattern::exact("")))?;
        let something = builder.diagrams.not(empty)?;
        all = builder.diagrams.and(all, present)?;
        all = builder.diagrams.and(all, something)?;
    }
    Ok(all)
}

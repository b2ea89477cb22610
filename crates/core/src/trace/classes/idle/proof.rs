//! Whether something leaves nothing of something else.

use decisions::text::TextError;
use decisions::{Condition as Diagram, Limits, TooMuch};

use super::Verdict;
use crate::trace::classes::attribute::AllAsked;
use crate::trace::classes::condition::{Builder, Destination, Fixed};
use crate::trace::classes::domain::Domains;
use crate::trace::classes::fits::Fits;
use crate::trace::rbac::RequestCondition;

/// What one chain may take. More than a lint of many chains can wait for is not decided.
const LIMITS: Limits = Limits { automaton_bytes: 1 << 20, classes: 2_000, nodes: 1 << 15 };

/// Why nothing is proved.
#[derive(Debug, thiserror::Error)]
pub(super) enum NotProved {
    #[error(transparent)]
    Text(#[from] TextError),
    #[error(transparent)]
    TooMuch(#[from] TooMuch),
}

/// The classes that conditions tell apart.
pub(super) fn domains<'c>(
    conditions: impl Iterator<Item = &'c RequestCondition>,
) -> Result<Domains, NotProved> {
    let mut asked = AllAsked::default();
    conditions.for_each(|condition| asked.add(condition));
    Ok(Domains::new(asked, &LIMITS)?)
}

/// For each route those before it that leave nothing for it.
pub(super) fn of_routes(conditions: &[RequestCondition]) -> Result<Vec<Verdict>, NotProved> {
    let domains = domains(conditions.iter())?;
    let mut proof = Proof::new(&domains, None);
    let fits = proof.fits(conditions.iter())?;
    let mut before = Vec::with_capacity(fits.len());
    let mut verdicts = Vec::with_capacity(fits.len());
    for (at, fit) in fits.iter().enumerate() {
        verdicts.push(proof.covered(Some(*fit), before.clone())?);
        before.push((at, fit.surely));
    }
    Ok(verdicts)
}

/// Diagrams over the classes of one question.
pub(super) struct Proof<'d> {
    builder: Builder<'d>,
}

impl<'d> Proof<'d> {
    pub(super) fn new(domains: &'d Domains, destination: Option<Destination>) -> Self {
        let fixed = Fixed { destination, ..Fixed::default() };
        Self { builder: Builder::new(domains, &LIMITS, fixed) }
    }

    /// What each condition fits.
    pub(super) fn fits<'c>(
        &mut self,
        conditions: impl Iterator<Item = &'c RequestCondition>,
    ) -> Result<Vec<Fits>, TooMuch> {
        conditions.map(|condition| Fits::new(&mut self.builder, condition)).collect()
    }

    /// Those of `others`, as few as needed, that leave nothing of what fits; none where something is left, or
    /// nothing fits.
    pub(super) fn covered(
        &mut self,
        narrow: Option<Fits>,
        others: Vec<(usize, Diagram)>,
    ) -> Result<Verdict, TooMuch> {
        let Some(Fits { maybe: narrow, .. }) = narrow.filter(|narrow| narrow.maybe != Diagram::NO) else {
            return Ok(None);
        };
        let mut touching = Vec::new();
        let mut left = narrow;
        for (at, wide) in others {
            let diagrams = &mut self.builder.diagrams;
            if diagrams.and(narrow, wide)? == Diagram::NO {
                continue;
            }
            if self.without(narrow, wide)? == Diagram::NO {
                return Ok(Some(vec![at]));
            }
            touching.push((at, wide));
            left = self.without(left, wide)?;
        }
        if left != Diagram::NO {
            return Ok(None);
        }
        let mut at = 0;
        while at < touching.len() {
            let mut fewer = touching.clone();
            fewer.remove(at);
            if self.leave_nothing(narrow, &fewer)? {
                touching = fewer;
            } else {
                at += 1;
            }
        }
        Ok(Some(touching.into_iter().map(|(at, _)| at).collect()))
    }

    fn leave_nothing(&mut self, narrow: Diagram, others: &[(usize, Diagram)]) -> Result<bool, TooMuch> {
        let mut left = narrow;
        for (_, wide) in others {
            left = self.without(left, *wide)?;
        }
        Ok(left == Diagram::NO)
    }

    fn without(&mut self, all: Diagram, part: Diagram) -> Result<Diagram, TooMuch> {
        let rest = self.builder.diagrams.not(part)?;
        self.builder.diagrams.and(all, rest)
    }
}

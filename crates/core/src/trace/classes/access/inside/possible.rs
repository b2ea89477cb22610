//! Which tokens, and which certificates, the requests of a chain may have.

use decisions::{Condition as Diagram, TooMuch};

use super::Inner;
use crate::trace::classes::attribute::Attribute;
use crate::trace::classes::condition::Builder;
use crate::trace::classes::tokens::may_be_told;
use crate::trace::jwt::JwtFilter;

impl Inner<'_> {
    /// What requests there may be: of clients whose certificates are taken, and with what tokens that are
    /// taken can have.
    pub(in crate::trace::classes::access) fn possible(
        &self,
        builder: &mut Builder<'_>,
    ) -> Result<Diagram, TooMuch> {
        let mut possible = Diagram::YES;
        if self.outside.is_some_and(|outside| outside.certificates.is_some()) {
            possible = builder.any_principal(self.certificates())?;
        }
        let filters: Vec<&JwtFilter> = self.tokens().into_iter().collect();
        let told: Vec<Attribute> = builder
            .domains
            .iter()
            .map(|(_, attribute, _)| attribute.clone())
            .filter(|attribute| matches!(attribute, Attribute::Metadata(..)))
            .collect();
        for attribute in told {
            let may = may_be_told(builder, &attribute, &filters)?;
            possible = builder.diagrams.and(possible, may)?;
        }
        builder.may_hold(possible)
    }
}

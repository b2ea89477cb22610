//! What a chain asks of requests.

use decisions::text::Pattern;

use super::{Inner, PREFLIGHT};
use crate::trace::classes::attribute::{AllAsked, Attribute, of_header};
use crate::trace::classes::chain::{conditions, of_domain};
use crate::trace::classes::language;
use crate::trace::classes::tokens::ask_of_issuers;
use crate::trace::jwt::JwtFilter;
use crate::trace::manager::FilterDoes;
use crate::trace::network::NetworkFilter;
use crate::trace::route::Route;

impl Inner<'_> {
    /// Adds everything that is asked on the way to the end of the chain.
    pub(in crate::trace::classes::access) fn ask(&self, asked: &mut AllAsked) {
        for test in self.certificates() {
            asked.text(Attribute::Principal, language::named(test));
        }
        for filter in &self.chain.filters {
            if let NetworkFilter::Rbac(filter) = filter {
                conditions(filter).for_each(|condition| asked.add(condition));
            }
        }
        for filter in self.manager().iter().flat_map(|manager| &manager.filters) {
            match &filter.does {
                FilterDoes::Rbac(filter) => conditions(filter).for_each(|condition| asked.add(condition)),
                FilterDoes::Fault(fault) => fault.headers.iter().for_each(|test| asked.header(test)),
                _ => {}
            }
        }
        let hosts = self.routes.iter().flat_map(|routes| routes.hosts.iter().map(|host| (*routes, host)));
        for (routes, host) in hosts {
            for domain in host.domains.iter().filter(|domain| *domain != "*") {
                let pattern = of_domain(domain, routes.ignores_port);
                asked.text(Attribute::Host, Some((pattern, format!("`{domain}`"))));
            }
            host.routes.iter().for_each(|route| self.ask_of_route(route, asked));
        }
        if self.tokens().is_some() {
            asked.text(Attribute::Token, Some(language::refused()));
        }
    }

    /// Adds the issuers of tokens, where anything is asked of tokens.
    pub(in crate::trace::classes::access) fn ask_of_tokens(&self, asked: &mut AllAsked) {
        let filters: Vec<&JwtFilter> = self.tokens().into_iter().collect();
        ask_of_issuers(&filters, asked);
    }

    fn ask_of_route(&self, route: &Route, asked: &mut AllAsked) {
        asked.add(&route.condition);
        if let Some(fault) = &route.fault {
            fault.headers.iter().for_each(|test| asked.header(test));
        }
        let Some(cors) = route.cors.as_ref().filter(|cors| cors.enabled && self.has_cors()) else { return };
        asked.text(Attribute::Method, Some((Pattern::exact("OPTIONS"), "`OPTIONS`".to_owned())));
        for header in PREFLIGHT {
            asked.text(of_header(header), Some((Pattern::exact(""), "empty".to_owned())));
        }
        for origin in &cors.origins {
            asked.text(of_header("origin"), language::named(origin));
        }
    }
}

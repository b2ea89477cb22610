//! Encoding route configurations from the inside out: they are the deepest part of a waypoint's listeners, and there are
//! as many as ports of Services.

use envoy::Encoded;
use envoy::config::route::v3::{Route, RouteConfiguration, VirtualHost};

/// The numbers of the fields that hold what is large.
mod field {
    pub(super) const VIRTUAL_HOSTS: u32 = 2;
    pub(super) const ROUTES: u32 = 3;
}

/// Writes the fields of a route configuration, in the order in which prost writes them.
pub(crate) fn routes(configuration: RouteConfiguration, fields: &mut Encoded<RouteConfiguration>) {
    let RouteConfiguration { name, virtual_hosts, .. } = configuration;
    fields.merge(&RouteConfiguration { name, ..RouteConfiguration::default() });
    for host in virtual_hosts {
        fields.nest(field::VIRTUAL_HOSTS, |fields| virtual_host(host, fields));
    }
    fields.merge(&RouteConfiguration { name: String::new(), virtual_hosts: Vec::new(), ..configuration });
}

fn virtual_host(host: VirtualHost, fields: &mut Encoded<VirtualHost>) {
    let VirtualHost { name, domains, routes, .. } = host;
    fields.merge(&VirtualHost { name, domains, ..VirtualHost::default() });
    for route in &routes {
        fields.message::<Route>(field::ROUTES, route);
    }
    fields.merge(&VirtualHost { name: String::new(), domains: Vec::new(), routes: Vec::new(), ..host });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn comes_out_as_prost_encodes_it() {
        let host = VirtualHost {
            name: "host".to_owned(),
            domains: vec!["*".to_owned(), String::new()],
            routes: vec![Route { name: "one".to_owned(), ..Route::default() }, Route::default()],
            include_request_attempt_count: true,
            ..VirtualHost::default()
        };
        let configuration = RouteConfiguration {
            name: "configuration".to_owned(),
            virtual_hosts: vec![host, VirtualHost::default()],
            validate_clusters: Some(false.into()),
            ..RouteConfiguration::default()
        };
        let mut fields = Encoded::default();
        routes(configuration.clone(), &mut fields);
        assert_eq!(fields, Encoded::of(&configuration));
    }
}

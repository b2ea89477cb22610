//! The numbers of fields that are written one by one ([`envoy::Encoded`]), by message and by their names there.

macro_rules! fields {
    ($($message:literal $module:ident { $($name:ident = $number:literal),+ })+) => {
        $(
            #[doc = concat!("Of `", $message, "`.")]
            pub(crate) mod $module {
                $(pub(crate) const $name: u32 = $number;)+
            }
        )+

        /// All of them.
        #[cfg(test)]
        const ALL: &[(&str, &str, u32)] = &[$($(($message, stringify!($name), $number)),+),+];
    };
}

fields! {
    "envoy.config.rbac.v3.Policy" policy { PERMISSIONS = 1, PRINCIPALS = 2 }
    "envoy.config.rbac.v3.RBAC" rbac { POLICIES = 2 }
    "envoy.config.route.v3.Decorator" decorator { OPERATION = 1 }
    "envoy.config.route.v3.Route" route {
        MATCH = 1, ROUTE = 2, REDIRECT = 3, METADATA = 4, DECORATOR = 5, DIRECT_RESPONSE = 7
    }
    "envoy.config.route.v3.RouteAction" route_action { CLUSTER = 1, HASH_POLICY = 15 }
    "envoy.config.route.v3.RouteConfiguration" route_configuration { NAME = 1, VIRTUAL_HOSTS = 2 }
    "envoy.config.route.v3.VirtualHost" virtual_host { NAME = 1, DOMAINS = 2, ROUTES = 3 }
    "envoy.extensions.filters.http.rbac.v3.RBAC" http_rbac { RULES = 1, SHADOW_RULES = 2 }
    "envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager" http_connection_manager {
        STAT_PREFIX = 2, ROUTE_CONFIG = 4, HTTP_FILTERS = 5
    }
    "xds.type.matcher.v3.IPMatcher" ip_matcher { RANGE_MATCHERS = 1 }
    "xds.type.matcher.v3.IPMatcher.IPRangeMatcher" ip_range_matcher { RANGES = 1, ON_MATCH = 2 }
    "xds.type.matcher.v3.Matcher" matcher { MATCHER_TREE = 2 }
    "xds.type.matcher.v3.Matcher.MatcherTree" matcher_tree { EXACT_MATCH_MAP = 2 }
    "xds.type.matcher.v3.Matcher.MatcherTree.MatchMap" match_map { MAP = 1 }
    "xds.type.matcher.v3.Matcher.OnMatch" on_match { MATCHER = 1 }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::Value;

    /// The name in JSON of the only field of a message.
    fn name_in_json(message: &str, encoded: &[u8]) -> Option<String> {
        let json: Value = serde_json::from_str(&envoy::json::encode(message, encoded).ok()?).ok()?;
        json.as_object()?.keys().next().cloned()
    }

    #[test]
    fn fields_have_their_numbers() {
        for (message, name, number) in ALL {
            let key = u8::try_from(number << 3 | 2).unwrap();
            // Messages may be empty, texts are not there then.
            let found = name_in_json(message, &[key, 0]).or_else(|| name_in_json(message, &[key, 1, b'x']));
            let found = found.map(|name| name.to_ascii_lowercase());
            assert_eq!(found, Some(name.replace('_', "").to_ascii_lowercase()), "{message}");
        }
    }
}

//! Load balancing of a DestinationRule.

use std::collections::BTreeSet;

use super::locality;
use crate::admission::check::Checker;
use crate::admission::common;
use crate::problem::Code;
use crate::rules::LeastAggression;
use crate::snapshot::networking::destination_rule::{
    ConsistentHashLb, HttpCookie, LoadBalancerSettings, OutlierDetection, WarmupConfiguration,
};

/// Envoy's bound of a Maglev table.
const LARGEST_MAGLEV_TABLE: u64 = 5_000_011;

pub(super) fn check(c: &Checker<'_>, lb: &LoadBalancerSettings, outlier: Option<&OutlierDetection>) {
    if lb.simple.is_some() && lb.consistent_hash.is_some() {
        c.conflict("only one of `simple` and `consistentHash` may be set");
    }
    c.some("consistentHash", lb.consistent_hash.as_ref(), consistent_hash);
    if lb.locality_lb_setting.is_some() && lb.zone_aware_lb_setting.is_some() {
        c.conflict("only one of `localityLbSetting` and `zoneAwareLbSetting` may be set");
    }
    c.some("localityLbSetting", lb.locality_lb_setting.as_ref(), |c, lb| locality::check(c, lb, outlier));
    c.some("zoneAwareLbSetting", lb.zone_aware_lb_setting.as_ref(), |c, lb| {
        locality::zone_aware(c, lb, outlier);
        if lb.min_cluster_size == Some(0) {
            c.field("minClusterSize").invalid("the size is not greater than 0");
        }
    });
    c.some("warmupDurationSecs", lb.warmup_duration_secs.as_ref(), common::schema_duration);
    c.some("warmup", lb.warmup.as_ref(), warmup);
}

fn consistent_hash(c: &Checker<'_>, hash: &ConsistentHashLb) {
    let keys = [
        hash.http_header_name.is_some(),
        hash.http_cookie.is_some(),
        hash.use_source_ip.is_some(),
        hash.http_query_parameter_name.is_some(),
    ];
    if keys.into_iter().filter(|set| *set).count() > 1 {
        c.conflict("only one thing to hash by may be set");
    }
    if hash.ring_hash.is_some() && hash.maglev.is_some() {
        c.conflict("only one of `ringHash` and `maglev` may be set");
    }
    c.some("httpCookie", hash.http_cookie.as_ref(), cookie);
    if hash.minimum_ring_size != 0 {
        let c = c.field("minimumRingSize");
        c.warn(
            Code::Deprecated,
            "`ringHash.minimumRingSize` takes the place of this field",
            "move the value to `ringHash.minimumRingSize`",
        );
        if hash.ring_hash.is_some() || hash.maglev.is_some() {
            c.conflict("this excludes `ringHash` and `maglev`");
        }
    }
    if c.rules.maglev_table_checked {
        c.some("maglev", hash.maglev.as_ref(), |c, maglev| {
            if maglev.table_size >= LARGEST_MAGLEV_TABLE || !is_prime(maglev.table_size) {
                c.field("tableSize").invalid(format!(
                    "{} is not a prime number below {LARGEST_MAGLEV_TABLE}",
                    maglev.table_size
                ));
            }
        });
    }
}

/// As Envoy tells them, which takes 1 for a prime number.
fn is_prime(number: u64) -> bool {
    match number {
        1..=3 => true,
        _ if number.is_multiple_of(2) => false,
        _ => (3..)
            .step_by(2)
            .take_while(|factor| factor * factor <= number)
            .all(|factor| !number.is_multiple_of(factor)),
    }
}

fn cookie(c: &Checker<'_>, cookie: &HttpCookie) {
    if cookie.name.is_empty() {
        c.field("name").missing("a cookie needs a name");
    }
    if c.rules.cookie_ttl_required && cookie.ttl.is_none() {
        c.field("ttl").missing(format!("in Istio {} a cookie needs a `ttl`", c.release.release));
    }
    let mut names = BTreeSet::new();
    c.each("attributes", &cookie.attributes, |c, attribute| {
        if attribute.name.is_empty() {
            c.field("name").missing("a cookie's attribute needs a name");
        } else if !names.insert(attribute.name.clone()) {
            c.field("name").conflict(format!("`{}` stands here twice", attribute.name));
        }
    });
}

fn warmup(c: &Checker<'_>, warmup: &WarmupConfiguration) {
    match warmup.duration {
        Some(duration) => common::duration(&c.field("duration"), &duration),
        None => c.field("duration").missing("a warm-up needs a duration"),
    }
    if warmup.minimum_percent.is_some_and(|percent| !(0.0..=100.0).contains(&percent)) {
        c.field("minimumPercent").invalid("the percentage is not between 0 and 100");
    }
    let (too_small, least): (fn(f64) -> bool, _) = match c.rules.least_aggression {
        LeastAggression::AboveZero => (|aggression| aggression <= 0.0, "greater than 0"),
        LeastAggression::One => (|aggression| aggression < 1.0, "1 or greater"),
    };
    if warmup.aggression.is_some_and(too_small) {
        c.field("aggression").invalid(format!("the aggression is not {least}"));
    }
}

#[cfg(test)]
mod tests {
    use super::is_prime;

    #[test]
    fn primes_are_envoys() {
        let primes: Vec<u64> = (0..20).filter(|n| is_prime(*n)).collect();
        assert_eq!(primes, [1, 2, 3, 5, 7, 11, 13, 17, 19]);
        assert!(!is_prime(25) && is_prime(65537) && !is_prime(65536));
    }
}

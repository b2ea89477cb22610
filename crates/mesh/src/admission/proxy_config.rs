//! ProxyConfig.

use super::check::Checker;
use super::{common, istio_metadata};
use crate::snapshot::Meta;
use crate::snapshot::networking::ProxyConfig;

pub(super) fn check(root: &Checker<'_>, meta: &Meta, config: &ProxyConfig) {
    istio_metadata::check(root, meta, None);
    let c = &root.field("spec");
    common::policy_selector(c, config.selector.as_ref());
    if config.concurrency.is_some_and(|concurrency| concurrency < 0) {
        c.field("concurrency").invalid("the number of threads is negative");
    }
}

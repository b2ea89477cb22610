//! ConfigMaps.

use crate::admission::check::Checker;
use crate::problem::Code;
use crate::snapshot::kubernetes::ConfigMap;

/// Most characters of a key.
const LONGEST_KEY: usize = 253;
/// Most bytes of all values.
const MAX_SIZE: usize = 1 << 20;

pub(super) fn check(root: &Checker<'_>, config_map: &ConfigMap) {
    let c = &root.field("data");
    for key in config_map.data.keys().filter(|key| !is_key(key)) {
        let shown: String = key.chars().take(80).collect();
        c.key(key).fault(
            Code::InvalidValue,
            format!("`{shown}` is not a key of a ConfigMap"),
            "write the name of a file: at most 253 letters, digits, `-`, `_` and `.`, not starting with `..`",
        );
    }
    if config_map.data.values().map(|value| value.len()).sum::<usize>() > MAX_SIZE {
        c.fault(
            Code::InvalidValue,
            "the values have more than 1 MiB in all",
            "divide them among several ConfigMaps",
        );
    }
}

fn is_key(key: &str) -> bool {
    (1..=LONGEST_KEY).contains(&key.len())
        && key.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.'))
        && key != "."
        && !key.starts_with("..")
}

//! What makes a finding the same finding tomorrow.

use crate::problem::Problem;

/// Sixteen hexadecimal digits that stay the same as long as a finding says the same of the same field: where
/// it stands and how bad it is do not count. Of a finding without an object the file's name counts.
///
/// ```
/// use waypoint_xds::lint::fingerprint;
/// use waypoint_xds::problem::{Code, Problem, Severity};
///
/// let problem = Problem::new(Code::MethodCase, "no request has the method `get`");
/// assert_eq!(fingerprint(&problem), fingerprint(&problem.clone().severity(Severity::Error)));
/// assert_ne!(fingerprint(&problem), fingerprint(&problem.clone().field("spec.http[0].match[0].method")));
/// ```
#[must_use]
pub fn fingerprint(problem: &Problem) -> String {
    let Problem { code, object, field, message, place, .. } = problem;
    let whose = match (object, place) {
        (Some(object), _) => object.to_string(),
        (None, Some(place)) => place.file.rsplit(['/', '\\']).next().unwrap_or_default().to_owned(),
        (None, None) => String::new(),
    };
    let parts = [code.id(), &whose, field, message];
    format!("{:016x}", parts.iter().fold(BASIS, |hash, part| add(add(hash, part.as_bytes()), &[0xff])))
}

/// The basis of FNV-1a, 64 bits: a hash that is the same everywhere and always.
const BASIS: u64 = 0xcbf2_9ce4_8422_2325;
const PRIME: u64 = 0x0000_0100_0000_01b3;

fn add(hash: u64, bytes: &[u8]) -> u64 {
    bytes.iter().fold(hash, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(PRIME))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_hash_is_the_known_one() {
        assert_eq!(add(BASIS, b""), 0xcbf2_9ce4_8422_2325);
        assert_eq!(add(BASIS, b"a"), 0xaf63_dc4c_8601_ec8c);
        assert_eq!(add(BASIS, b"foobar"), 0x8594_4171_f739_67e8);
    }
}

//! Texts that are put together of others, and truth values in texts.

/// A truth value as Go's `strconv.ParseBool` reads it; none if it is not one.
///
/// ```
/// # use waypoint_xds_model as waypoint_xds;
/// use waypoint_xds::strings::go_bool;
///
/// assert_eq!([go_bool("T"), go_bool("0"), go_bool("yes")], [Some(true), Some(false), None]);
/// ```
#[must_use]
pub fn go_bool(text: &str) -> Option<bool> {
    match text {
        "1" | "t" | "T" | "TRUE" | "true" | "True" => Some(true),
        "0" | "f" | "F" | "FALSE" | "false" | "False" => Some(false),
        _ => None,
    }
}

/// The parts in one text. Of few short parts, thousands of times, this is quicker than `concat` of a slice,
/// which is made for many.
///
/// ```
/// # use waypoint_xds_model as waypoint_xds;
/// use waypoint_xds::strings::concat;
///
/// assert_eq!(concat(["reviews", ".", "shop"]), "reviews.shop");
/// ```
#[must_use]
pub fn concat<const COUNT: usize>(parts: [&str; COUNT]) -> String {
    let mut text = String::with_capacity(parts.iter().map(|part| part.len()).sum());
    for part in parts {
        text.push_str(part);
    }
    text
}

/// The name of a field as JSON has it: `trust_domain` becomes `trustDomain`.
#[must_use]
pub fn camel_case(name: &str) -> String {
    let mut out = String::with_capacity(name.len());
    let mut upper = false;
    for c in name.chars() {
        match c {
            '_' => upper = !out.is_empty(),
            c if upper => {
                out.extend(c.to_uppercase());
                upper = false;
            }
            c => out.push(c),
        }
    }
    out
}

/// The byte that two hexadecimal digits are.
#[must_use]
pub fn hex_byte(digits: &[u8; 2]) -> Option<u8> {
    let digit = |byte: u8| char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
    let [high, low] = *digits;
    Some(digit(high)? * 16 + digit(low)?)
}

#[cfg(test)]
mod tests {
    use super::camel_case;

    #[test]
    fn snake_case_becomes_camel_case_and_camel_case_stays() {
        assert_eq!(camel_case("h2_upgrade_policy"), "h2UpgradePolicy");
        assert_eq!(camel_case("enable_64bit_trace_id"), "enable64bitTraceId");
        assert_eq!(camel_case("trustDomainAliases"), "trustDomainAliases");
        assert_eq!(camel_case("mesh_mTLS"), "meshMTLS");
    }
}

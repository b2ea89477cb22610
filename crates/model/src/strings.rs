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

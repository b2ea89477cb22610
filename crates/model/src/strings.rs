//! Texts that are put together of others.

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

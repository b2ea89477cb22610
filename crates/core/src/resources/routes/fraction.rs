//! Percentages, as Envoy has them.

use envoy::config::core::v3::RuntimeFractionalPercent;
use envoy::r#type::v3::{FractionalPercent, fractional_percent::DenominatorType};

/// A whole number of hundredths.
pub(super) fn hundredths(numerator: u32) -> FractionalPercent {
    FractionalPercent { numerator, denominator: DenominatorType::Hundred.into() }
}

/// A `Percent`, exact to a ten-thousandth; what is finer is cut off.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "the cast saturates")]
pub(super) fn of_percent(percent: f64) -> FractionalPercent {
    FractionalPercent { numerator: (percent * 10_000.0) as u32, denominator: DenominatorType::Million.into() }
}

/// A percentage that no runtime key can change.
pub(super) fn fixed(percent: FractionalPercent) -> RuntimeFractionalPercent {
    RuntimeFractionalPercent { default_value: Some(percent), ..RuntimeFractionalPercent::default() }
}

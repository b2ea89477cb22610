//! Telemetry.

use super::check::Checker;
use super::{cel, common, istio_metadata};
use crate::problem::Code;
use crate::snapshot::Meta;
use crate::snapshot::telemetry::{
    CustomTag, MetricsOverrides, ProviderRef, TagOperation, TagOverride, Telemetry, Tracing,
};

pub(super) fn check(root: &Checker<'_>, meta: &Meta, telemetry: &Telemetry) {
    istio_metadata::check(root, meta, None);
    let c = &root.field("spec");
    common::policy_scope(
        c,
        telemetry.selector.as_ref(),
        telemetry.target_ref.as_ref(),
        &telemetry.target_refs,
    );
    if telemetry.tracing.len() > 1 {
        c.field("tracing").warn(
            Code::Ineffective,
            "only the first element counts",
            "put everything into one element",
        );
    }
    c.each("tracing", &telemetry.tracing, tracing);
    c.each("metrics", &telemetry.metrics, |c, metrics| {
        providers(c, &metrics.providers);
        c.each("overrides", &metrics.overrides, overrides);
        c.some("reportingInterval", metrics.reporting_interval.as_ref(), common::schema_duration);
    });
    c.each("accessLogging", &telemetry.access_logging, |c, logging| {
        c.some("filter", logging.filter.as_ref(), |c, filter| {
            if let Err(error) = cel::syntax(&filter.expression) {
                c.field("expression")
                    .invalid(format!("`{}` is no CEL expression: {error}", filter.expression));
            }
        });
        providers(c, &logging.providers);
    });
}

fn providers(c: &Checker<'_>, providers: &[ProviderRef]) {
    c.each("providers", providers, |c, provider| {
        if provider.name.is_empty() {
            c.field("name").missing("a provider needs a name");
        }
    });
}

fn tracing(c: &Checker<'_>, tracing: &Tracing) {
    if tracing.providers.len() > 1 {
        c.field("providers").warn(
            Code::Ineffective,
            "only the first provider counts",
            "leave one: traces go to one provider",
        );
    }
    providers(c, &tracing.providers);
    if tracing.random_sampling_percentage.is_some_and(|percent| !(0.0..=100.0).contains(&percent)) {
        c.field("randomSamplingPercentage").invalid("the percentage is not between 0 and 100");
    }
    let tags = c.field("customTags");
    for (name, tag) in tracing.custom_tags.iter().flatten() {
        custom_tag(&tags.key(name), name, tag);
    }
}

fn custom_tag(c: &Checker<'_>, name: &str, tag: &CustomTag) {
    if name.is_empty() {
        c.missing("a tag needs a name");
    }
    let (field, value) = match tag {
        CustomTag::Unset => return,
        CustomTag::Literal(literal) => ("literal", &literal.value),
        CustomTag::Environment(environment) => ("environment", &environment.name),
        CustomTag::Header(header) => ("header", &header.name),
        CustomTag::Formatter(formatter) => ("formatter", &formatter.value),
    };
    if value.is_empty() {
        c.field(field).missing("a tag needs a value");
    }
}

fn overrides(c: &Checker<'_>, overrides: &MetricsOverrides) {
    c.some("match", overrides.matches.as_ref(), |c, selector| {
        if selector.metric.is_some() && selector.custom_metric.is_some() {
            c.conflict("only one of `metric` and `customMetric` may be set");
        }
        if selector.custom_metric.as_ref().is_some_and(|name| name.is_empty()) {
            c.field("customMetric").missing("a metric needs a name");
        }
    });
    let tags = c.field("tagOverrides");
    for (name, tag) in &overrides.tag_overrides {
        let c = tags.key(name);
        if name.is_empty() {
            c.warn(Code::Ineffective, "no tag has an empty name", "name the tag, or remove the override");
        }
        tag_override(&c, tag);
    }
}

fn tag_override(c: &Checker<'_>, tag: &TagOverride) {
    match tag.operation {
        TagOperation::Upsert if tag.value.is_empty() => c.field("value").missing("UPSERT needs a value"),
        TagOperation::Remove if !tag.value.is_empty() => c.field("value").conflict("REMOVE takes no value"),
        _ => {}
    }
}

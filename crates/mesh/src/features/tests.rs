use super::*;

#[test]
fn flags_are_set_by_their_names() {
    let mut features = Features::default();
    assert_eq!(features.set("PILOT_TRACE_SAMPLING", "12.5"), Ok(()));
    assert_eq!(features.set("AMBIENT_ENABLE_BAGGAGE", "true"), Ok(()));
    assert_eq!(features.set("ENABLE_INGRESS_WAYPOINT_ROUTING", "false"), Ok(()));
    assert_eq!(features.set("PILOT_HBONE_INITIAL_STREAM_WINDOW_SIZE", "65535"), Ok(()));
    assert_eq!(features.set("COMPLIANCE_POLICY", "pqc"), Ok(()));
    assert!(features.ambient_enable_baggage);
    assert!((features.pilot_trace_sampling - 12.5).abs() < f64::EPSILON);
    assert_eq!(features.pilot_hbone_initial_stream_window_size, 65_535);
    assert_eq!(features.compliance_policy, CompliancePolicy::Pqc);
}

#[test]
fn booleans_are_spelled_as_in_go() {
    let mut features = Features::default();
    for (value, expected) in [("1", true), ("0", false), ("T", true), ("False", false), ("TRUE", true)] {
        features.set("AMBIENT_ENABLE_BAGGAGE", value).unwrap();
        assert_eq!(features.ambient_enable_baggage, expected, "{value}");
    }
}

#[test]
fn what_is_set_holds_over_others() {
    assert!(OF_WAYPOINTS.len() <= 128, "each has a bit");
    let (mut own, mut others) = (Features::default(), Features::default());
    own.set("DISABLE_SHADOW_HOST_SUFFIX", "true").unwrap();
    own.pilot_trace_sampling = 2.0;
    for (name, value) in [
        ("DISABLE_SHADOW_HOST_SUFFIX", "false"),
        ("PILOT_TRACE_SAMPLING", "3"),
        ("AMBIENT_ENABLE_BAGGAGE", "true"),
    ] {
        others.set(name, value).unwrap();
    }
    let both = own.over(others);
    assert!(both.disable_shadow_host_suffix && both.ambient_enable_baggage);
    assert!((both.pilot_trace_sampling - 2.0).abs() < f64::EPSILON);
}

#[test]
fn a_release_ignores_flags_that_it_does_not_know() {
    let mut features = Features::default();
    features.set("PILOT_SKIP_VALIDATE_TRUST_DOMAIN", "true").unwrap();
    features.set("AMBIENT_ENABLE_BAGGAGE", "true").unwrap();
    assert_eq!(features.in_release(Release::V1_31), features);
    let older = features.in_release(Release::V1_18);
    assert!(older.pilot_skip_validate_trust_domain && !older.ambient_enable_baggage);
}

#[test]
fn a_release_ignores_values_that_it_does_not_know() {
    let mut features = Features::default();
    features.set("COMPLIANCE_POLICY", "fips-140-3").unwrap();
    assert_eq!(features.in_release(Release::V1_31).compliance_policy, CompliancePolicy::Fips140_3);
    assert_eq!(features.in_release(Release::V1_30).compliance_policy, CompliancePolicy::None);
    features.set("COMPLIANCE_POLICY", "pqc").unwrap();
    assert_eq!(features.in_release(Release::V1_29).compliance_policy, CompliancePolicy::Pqc);
}

#[test]
fn labels_are_named_by_any_text() {
    let mut features = Features::default();
    assert_eq!(features.pilot_draining_label, "istio.io/draining");
    features.set("PILOT_DRAINING_LABEL", "").unwrap();
    assert_eq!(features.pilot_draining_label, "");
    let mut others = Features::default();
    others.set("PILOT_DRAINING_LABEL", "leaving").unwrap();
    assert_eq!(Features::default().over(others.clone()).pilot_draining_label, "leaving");
    assert_eq!(features.over(others).pilot_draining_label, "", "what was set holds");
}

#[test]
fn an_unknown_flag_s_error_names_the_known_ones() {
    let mut features = Features::default();
    assert!(OF_WAYPOINTS.is_sorted());
    for name in OF_WAYPOINTS {
        // Some take any text.
        if let Err(error) = features.set(name, "neither") {
            assert!(matches!(error, FeatureError::Value { .. }), "{name}: {error}");
        }
    }
    let error = features.set("PILOT_X", "true").unwrap_err().to_string();
    assert!(error.ends_with("VERIFY_CERTIFICATE_AT_CLIENT"), "{error}");
}

#[test]
fn unknown_flags_and_values_are_refused() {
    let mut features = Features::default();
    assert_eq!(features.set("PILOT_X", "true"), Err(FeatureError::Unknown("PILOT_X".into())));
    for value in ["101", "-1", "much", "NaN"] {
        let error = features.set("PILOT_TRACE_SAMPLING", value).unwrap_err();
        assert!(error.to_string().contains("from 0 to 100"), "{error}");
    }
    for value in ["240.240.0.0", "240.240.0.0/33", "240.240.0.0/016", "fd00::/16", ""] {
        assert!(features.set("PILOT_IP_AUTOALLOCATE_IPV4_PREFIX", value).is_err(), "{value}");
    }
    for value in ["-1", "4294967296", "0x10", "1.5", ""] {
        assert!(features.set("PILOT_HBONE_INITIAL_STREAM_WINDOW_SIZE", value).is_err(), "{value}");
    }
    assert!(features.set("AMBIENT_ENABLE_BAGGAGE", "yes").is_err());
    assert!(features.set("PILOT_AUTO_ALLOW_WAYPOINT_POLICY", "yes").is_err());
}

#[test]
fn lists_and_ranges_are_read() {
    let mut features = Features::default();
    features.set("PILOT_MX_ADDITIONAL_LABELS", "b,a,b").unwrap();
    let labels: Vec<_> = features.pilot_mx_additional_labels.iter().map(Str::as_str).collect();
    assert_eq!(labels, ["a", "b"]);
    features.set("PILOT_IP_AUTOALLOCATE_IPV4_PREFIX", "10.0.0.8/30").unwrap();
    features.set("PILOT_IP_AUTOALLOCATE_IPV6_PREFIX", "fd00::/64").unwrap();
    assert_eq!(features.pilot_ip_autoallocate_ipv4_prefix.length, 30);
    assert_eq!(
        features.in_release(Release::V1_18),
        Features { named: features.named, ..Features::default() }
    );
}

#[test]
fn a_later_release_has_no_choice() {
    let mut features = Features::default();
    features.set("ENABLE_AUTO_SNI", "false").unwrap();
    assert!(!features.in_release(Release::V1_18).enable_auto_sni);
    assert!(features.in_release(Release::V1_29).enable_auto_sni);
}

#[test]
fn flags_without_effect_are_known() {
    let mut features = Features::default();
    for (name, _) in WITHOUT_EFFECT {
        assert!(!OF_WAYPOINTS.contains(name), "{name}");
        assert_ne!(features.set(name, "true"), Err(FeatureError::Unknown((*name).into())));
    }
    assert_eq!(features, Features::default());
    assert!(features.set("PILOT_ENABLE_AMBIENT", "false").is_err(), "there would be no waypoints");
}

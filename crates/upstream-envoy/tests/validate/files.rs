//! Certificates for configurations that are only validated: Envoy reads the files that they name.

use std::path::{Path, PathBuf};

use serde_json::{Value, json};

/// A certificate and its key, in the files that configurations name.
pub(crate) struct Certificates {
    directory: PathBuf,
}

impl Certificates {
    /// Writes them to a directory.
    pub(crate) fn write(directory: &Path) -> Self {
        std::fs::create_dir_all(directory).unwrap();
        let made = rcgen::generate_simple_self_signed(vec!["waypoint.example".to_owned()]).unwrap();
        for name in ["cert-chain.pem", "root-cert.pem"] {
            std::fs::write(directory.join(name), made.cert.pem()).unwrap();
        }
        std::fs::write(directory.join("key.pem"), made.signing_key.serialize_pem()).unwrap();
        Self { directory: directory.to_owned() }
    }

    /// Where they are.
    pub(crate) fn directory(&self) -> &Path {
        &self.directory
    }

    /// Takes the place of files that are elsewhere: a DestinationRule may name any.
    pub(crate) fn stand_in(&self, value: &mut Value) {
        match value {
            Value::Object(fields) => {
                for (role, name) in [
                    ("certificateChain", "cert-chain.pem"),
                    ("privateKey", "key.pem"),
                    ("trustedCa", "root-cert.pem"),
                ] {
                    if let Some(source) = fields.get_mut(role) {
                        *source = json!({"filename": self.directory.join(name)});
                    }
                }
                fields.values_mut().for_each(|field| self.stand_in(field));
            }
            Value::Array(items) => items.iter_mut().for_each(|item| self.stand_in(item)),
            _ => {}
        }
    }
}

//! Runs an Envoy.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;
use tokio::time::sleep;
use upstream_envoy::leaves_machine;

use crate::http::get_plain;
use crate::loopback::Loopback;
use crate::{Error, Result};

/// How long an Envoy may take until it is live. It takes a fraction of a second on an idle machine.
const START: Duration = Duration::from_secs(60);
/// How many milliseconds access logs wait until they are written.
const FLUSH: &str = "20";
/// How much of a log an error shows.
const LOG_LINES: usize = 30;

/// A running Envoy. Dropping it stops it.
#[derive(Debug)]
pub struct Envoy {
    process: Child,
    admin: Loopback,
    log: PathBuf,
}

impl Envoy {
    /// Starts this binary with this configuration, and waits until it is live. The configuration and the log
    /// are written to the directory, and stay there.
    ///
    /// # Errors
    /// If the configuration could dial anything outside 127.0.0.0/8, or Envoy does not become live.
    pub async fn start(binary: &Path, config: &Value, directory: &Path) -> Result<Self> {
        let outside = leaves_machine(config);
        if !outside.is_empty() {
            return Err(Error::LeavesMachine(outside));
        }
        fs::create_dir_all(directory).map_err(Error::file(directory))?;
        let path = |name: &str| directory.join(name);
        let (configuration, log, admin) = (path("envoy.json"), path("envoy.log"), path("admin"));
        fs::write(&configuration, serde_json::to_vec_pretty(config)?).map_err(Error::file(&configuration))?;
        // What a former Envoy has left would be taken for this one's.
        let _ = (fs::remove_file(&admin), fs::remove_file(&log));
        let process = Command::new(binary)
            .arg("--config-path")
            .arg(&configuration)
            .arg("--log-path")
            .arg(&log)
            .arg("--admin-address-path")
            .arg(&admin)
            .args([
                "--concurrency",
                "1",
                "--disable-hot-restart",
                "--log-level",
                "warning",
                "--component-log-level",
                "misc:error,main:error",
                "--file-flush-interval-msec",
                FLUSH,
            ])
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .map_err(Error::start(binary.display()))?;
        let mut envoy = Self { process, admin: Loopback::any(), log };
        envoy.wait_until_live(&admin).await?;
        Ok(envoy)
    }

    async fn wait_until_live(&mut self, admin: &Path) -> Result<()> {
        let start = Instant::now();
        while start.elapsed() < START {
            if let Ok(Some(status)) = self.process.try_wait() {
                return Err(self.failure(format!("ends with {status}")));
            }
            if let Some(address) = fs::read_to_string(admin).ok().and_then(|text| text.trim().parse().ok()) {
                self.admin = address;
                let ready = get_plain(address, "/ready").await;
                if ready.is_ok_and(|reply| reply.text().trim() == "LIVE") {
                    return Ok(());
                }
            }
            sleep(Duration::from_millis(10)).await;
        }
        Err(self.failure(format!("is not live after {} s", START.as_secs())))
    }

    fn failure(&self, why: String) -> Error {
        Error::Envoy { why, log: self.log_tail() }
    }

    /// The end of its log.
    #[must_use]
    pub fn log_tail(&self) -> String {
        let log = fs::read_to_string(&self.log).unwrap_or_default();
        let lines: Vec<&str> = log.lines().collect();
        lines.get(lines.len().saturating_sub(LOG_LINES)..).unwrap_or_default().join("\n")
    }

    /// What an admin path answers.
    ///
    /// # Errors
    /// If it does not answer.
    pub async fn admin_get(&self, path: &str) -> Result<String> {
        Ok(get_plain(self.admin, path).await?.text())
    }

    /// Where a listener listens.
    ///
    /// # Errors
    /// If there is no such listener.
    pub async fn listener(&self, name: &str) -> Result<Loopback> {
        let listeners: Value = serde_json::from_str(&self.admin_get("/listeners?format=json").await?)?;
        let statuses = listeners.get("listener_statuses").and_then(Value::as_array);
        let listener =
            statuses.into_iter().flatten().find(|listener| listener.get("name").is_some_and(|n| n == name));
        let address = listener.and_then(|listener| {
            let socket = listener.pointer("/local_address/socket_address")?;
            let port = socket.get("port_value")?.as_u64()?;
            Some((socket.get("address")?.as_str()?.parse().ok()?, u16::try_from(port).ok()?))
        });
        let (address, port) =
            address.ok_or_else(|| Error::Missing(format!("listener `{name}` in this Envoy")))?;
        Ok(Loopback::new(address, port)?)
    }

    /// The sum of the counters whose names end so; 0 if there is none.
    ///
    /// # Errors
    /// If the admin interface does not answer.
    pub async fn counter(&self, name_end: &str) -> Result<u64> {
        let stats = self.admin_get("/stats?usedonly").await?;
        let values = stats.lines().filter_map(|line| line.split_once(": "));
        let named = values.filter(|(name, _)| name.ends_with(name_end));
        Ok(named.filter_map(|(_, value)| value.parse::<u64>().ok()).sum())
    }
}

impl Drop for Envoy {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

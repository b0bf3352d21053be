//! Which gateway a command talks to: the one of a configuration here, or one elsewhere by its URL.

use super::client::{self, Client};
use super::failure::Failure;
use super::out::Out;
use super::remote::Remote;
use super::settings;
use crate::api;
use crate::app;
use std::path::PathBuf;

#[derive(Clone, Debug, Default, clap::Args)]
pub struct Target {
    /// Configuration [default: portcullis.yaml here, then /etc/portcullis/portcullis.yaml]
    #[arg(long, global = true, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// A gateway elsewhere, by its admin listener: `https://gate.example.com:9090`
    #[arg(long, global = true, value_name = "URL", conflicts_with = "config", requires = "token_file")]
    pub url: Option<String>,
    /// With --url: the file that holds the token
    #[arg(long, global = true, value_name = "FILE", requires = "url")]
    pub token_file: Option<PathBuf>,
    /// With --url: PEM of the authority that signed its certificate [default: the system's]
    #[arg(long, global = true, value_name = "FILE", requires = "url")]
    pub ca: Option<PathBuf>,
}

impl Target {
    /// The gateway of the configuration that was named, or of the usual one.
    pub fn of(config: Option<PathBuf>) -> Self {
        Target { config, ..Target::default() }
    }

    /// The admin API that a command works through.
    pub async fn client(self, offline: bool, out: &Out) -> Result<Client, Failure> {
        if let (Some(url), Some(token)) = (&self.url, &self.token_file) {
            if offline {
                return Err(Failure::Usage(
                    "--offline works on a store here, and --url names a gateway elsewhere".into(),
                ));
            }
            return Ok(Client::remote(Remote::new(url, token, self.ca.as_deref())?));
        }
        let config = settings::load(self.config, out)?;
        let socket = settings::admin_socket(&config);
        if !offline {
            return Ok(Client::over(socket));
        }
        if client::answers(&socket).await {
            return Err(Failure::refused(format!(
                "{}: a gateway runs on this configuration, and two may not write one embedded store; leave --offline \
                 out, or stop the gateway",
                socket.display()
            )));
        }
        let app::Offline { accounts, record } = app::offline_accounts(&config).await?;
        Ok(Client::offline(api::offline(accounts, record.audit.clone()), Some(record)))
    }
}

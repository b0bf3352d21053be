//! Calling a script by its digest, and by its text where the server does not know it yet.
//!
//! The text goes to the one server that asked for it: a copy for all nodes of a cluster, as clients usually send it, fails
//! while any of them is away, and a server that has just taken over knows no script at all.

use redis::aio::ConnectionLike;
use redis::{Cmd, ErrorKind, FromRedisValue, RedisResult, ServerErrorKind, ToRedisArgs};
use sha1::{Digest, Sha1};

pub(super) struct Script {
    text: String,
    digest: String,
}

/// One call of a script, with its keys and arguments.
pub(super) struct Call<'a> {
    script: &'a Script,
    keys: Vec<Vec<u8>>,
    args: Vec<Vec<u8>>,
}

impl Script {
    pub(super) fn new(text: &str) -> Self {
        Script { digest: data_encoding::HEXLOWER.encode(&Sha1::digest(text)), text: text.to_owned() }
    }
    pub(super) fn prepare_invoke(&self) -> Call<'_> {
        Call { script: self, keys: Vec::new(), args: Vec::new() }
    }
    pub(super) fn key(&self, key: impl ToRedisArgs) -> Call<'_> {
        let mut call = self.prepare_invoke();
        call.key(key);
        call
    }
}

impl Call<'_> {
    pub(super) fn key(&mut self, key: impl ToRedisArgs) -> &mut Self {
        key.write_redis_args(&mut self.keys);
        self
    }
    pub(super) fn arg(&mut self, arg: impl ToRedisArgs) -> &mut Self {
        arg.write_redis_args(&mut self.args);
        self
    }
    pub(super) async fn invoke_async<T: FromRedisValue>(&self, con: &mut impl ConnectionLike) -> RedisResult<T> {
        match self.command("EVALSHA", &self.script.digest).query_async(con).await {
            // refused as a whole: nothing of it has run
            Err(e) if e.kind() == ErrorKind::Server(ServerErrorKind::NoScript) => {
                self.command("EVAL", &self.script.text).query_async(con).await
            }
            answer => answer,
        }
    }
    fn command(&self, name: &str, script: &str) -> Cmd {
        let mut cmd = redis::cmd(name);
        cmd.arg(script).arg(self.keys.len()).arg(&self.keys).arg(&self.args);
        cmd
    }
}

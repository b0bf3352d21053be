//! Sealing with key ids, tokens, form tokens, password hashes, assertion signing.

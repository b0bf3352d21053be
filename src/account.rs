//! What a person or an admin may do to an account. Pages, API and CLI all come through here.

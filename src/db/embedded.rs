//! The private redis-server of a single machine.

//! Settings: what each part is told, made of the options that a person gave.

use std::time::Duration;

use crate::config::page::PageOptions;
use crate::config::runner::RunnerOptions;
use crate::languages::LanguageId;
use crate::program::ProgramLimits;
use crate::runner;
use crate::web;

pub(super) fn web_settings(page: &PageOptions) -> web::settings::Settings {
    web::settings::Settings {
        public_url: page.public_url.clone(),
        loopback_only: page.listen.ip().is_loopback(),
        trusted_proxies: page.rates.trusted_proxies.clone(),
        rates: web::rates::RatesPerMinute {
            runs: page.rates.runs_per_minute,
            changes: page.rates.changes_per_minute,
            misses: page.rates.misses_per_minute,
            sockets: page.rates.sockets_per_minute,
            passwords: page.rates.passwords_per_minute,
        },
        sockets_per_visitor: page.rates.sockets_per_visitor,
        access: page
            .access
            .access_token
            .clone()
            .map(|token| web::settings::Access { token, reading: page.access.private_reading }),
        contact: page.access.abuse_contact.clone(),
        program_limits: ProgramLimits {
            source_bytes: page.max_source_bytes,
            files: page.max_files,
            argument_bytes: page.max_argument_bytes,
            stdin_bytes: page.max_stdin_bytes,
        },
    }
}

pub(super) fn runner_settings(options: &RunnerOptions) -> runner::Settings {
    let host_name = || std::fs::read_to_string("/proc/sys/kernel/hostname").map(|name| name.trim().to_owned());
    let name = options.runner_name.clone().or_else(|| host_name().ok());
    runner::Settings {
        name: name.unwrap_or_else(|| "runner".to_owned()),
        // Empty counts as not given, as for the docker command.
        docker_host: options.docker_host.clone().filter(|host| !host.is_empty()),
        image: options.image.clone(),
        runtime: options.runtime.clone(),
        permits: options.runs_at_once,
        pool_size: options.pool_size,
        prestart: Some(options.prestart.clone()).filter(|language| language != "none").map(LanguageId),
        limits: runner::Limits {
            cpus: options.cpus,
            cpu_time: Duration::from_secs(options.cpu_seconds),
            wall_time: Duration::from_secs(options.wall_seconds),
            compile_wall_time: Duration::from_secs(options.compile_seconds),
            memory_mb: options.memory_mb,
            processes: options.processes,
            work_mb: options.code_mb,
            tmp_mb: options.tmp_mb,
            inodes: options.inodes,
            output_bytes: options.output_bytes,
        },
        together: runner::Together {
            memory_mb: options.total_memory_mb,
            cpus: options.total_cpus,
            cgroup_parent: options.cgroup_parent.clone().filter(|parent| !parent.is_empty()),
        },
        lease: Duration::from_secs(options.lease_seconds),
        drain: Duration::from_secs(options.drain_seconds),
        shard: 0,
        uid_base: options.uid_base,
        uid_count: options.uid_count,
        // gVisor's own kernel ignores the profile.
        seccomp: true,
        disk_quota_mb: options.disk_quota_mb,
    }
}

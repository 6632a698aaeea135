//! The inside's system bus: its configuration, the policy we ship, and no service that anybody could activate.

use std::fs;

use super::files::write_file;
use crate::error::{Error, Tried};
use crate::paths;

const POLICY: &str = include_str!("../../../../../dist/dbus-1/system.d/org.freedesktop.login1.conf");
const POLICIES: &str = "/etc/dbus-1/system.d";

// What a system bus allows is the reference configuration's (dbus-daemon(1)); whatever lies in system.d adds to it.
const CONFIG: &str = r#"<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig>
  <type>system</type>
  <user>messagebus</user>
  <listen>unix:path=/run/dbus/system_bus_socket</listen>
  <auth>EXTERNAL</auth>
  <syslog/>
  <servicedir>/etc/dbus-1/services</servicedir>
  <policy context="default">
    <allow user="*"/>
    <deny own="*"/>
    <deny send_type="method_call"/>
    <allow send_type="signal"/>
    <allow send_requested_reply="true" send_type="method_return"/>
    <allow send_requested_reply="true" send_type="error"/>
    <allow receive_type="method_call"/>
    <allow receive_type="method_return"/>
    <allow receive_type="error"/>
    <allow receive_type="signal"/>
    <allow send_destination="org.freedesktop.DBus" send_interface="org.freedesktop.DBus"/>
    <allow send_destination="org.freedesktop.DBus" send_interface="org.freedesktop.DBus.Introspectable"/>
    <allow send_destination="org.freedesktop.DBus" send_interface="org.freedesktop.DBus.Peer"/>
    <allow send_destination="org.freedesktop.DBus" send_interface="org.freedesktop.DBus.Properties"/>
    <deny send_destination="org.freedesktop.DBus" send_interface="org.freedesktop.DBus"
          send_member="UpdateActivationEnvironment"/>
  </policy>
  <policy user="root">
    <allow send_destination="org.freedesktop.DBus" send_interface="org.freedesktop.DBus.Monitoring"/>
    <allow send_destination="org.freedesktop.DBus" send_interface="org.freedesktop.DBus.Debug.Stats"/>
  </policy>
  <includedir>/etc/dbus-1/system.d</includedir>
</busconfig>
"#;

/// Replaces the host's bus configuration.
pub(super) fn write() -> Result<(), Error> {
    for folder in [POLICIES, paths::BUS_SERVICES] {
        fs::remove_dir_all(folder).or_else(super::files::absent).tried("remove", folder)?;
        fs::create_dir_all(folder).tried("make", folder)?;
    }
    write_file(paths::BUS_CONFIG, CONFIG)?;
    write_file(format!("{POLICIES}/org.freedesktop.login1.conf"), POLICY)?;
    fs::create_dir_all("/run/dbus").tried("make", "/run/dbus")
}

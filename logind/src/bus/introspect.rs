//! The XML that says what an object can do (D-Bus Specification, Introspection Data Format), written from the rows.

use std::fmt;

use super::table::{Arguments, Change, Deed, Interface};

const HEAD: &str = "<!DOCTYPE node PUBLIC \"-//freedesktop//DTD D-BUS Object Introspection 1.0//EN\"\n\
    \"https://www.freedesktop.org/standards/dbus/1.0/introspect.dtd\">\n<node>\n";

const STANDARD: &str = r#" <interface name="org.freedesktop.DBus.Peer">
  <method name="Ping"/>
  <method name="GetMachineId">
   <arg type="s" name="machine_uuid" direction="out"/>
  </method>
 </interface>
 <interface name="org.freedesktop.DBus.Introspectable">
  <method name="Introspect">
   <arg name="xml_data" type="s" direction="out"/>
  </method>
 </interface>
 <interface name="org.freedesktop.DBus.Properties">
  <method name="Get">
   <arg name="interface_name" direction="in" type="s"/>
   <arg name="property_name" direction="in" type="s"/>
   <arg name="value" direction="out" type="v"/>
  </method>
  <method name="GetAll">
   <arg name="interface_name" direction="in" type="s"/>
   <arg name="props" direction="out" type="a{sv}"/>
  </method>
  <method name="Set">
   <arg name="interface_name" direction="in" type="s"/>
   <arg name="property_name" direction="in" type="s"/>
   <arg name="value" direction="in" type="v"/>
  </method>
  <signal name="PropertiesChanged">
   <arg type="s" name="interface_name"/>
   <arg type="a{sv}" name="changed_properties"/>
   <arg type="as" name="invalidated_properties"/>
  </signal>
 </interface>
"#;

/// A description that is being written.
pub(super) struct Description(String);

impl Description {
    /// An object with the interfaces that every object has.
    pub(super) fn new() -> Self {
        Self(format!("{HEAD}{STANDARD}"))
    }

    /// The same with an interface of its own.
    pub(super) fn with<T>(mut self, interface: &Interface<T>) -> Self {
        self.line(format_args!(" <interface name=\"{}\">", interface.name));
        for method in interface.methods {
            self.line(format_args!("  <method name=\"{}\">", method.name));
            self.arguments(method.takes, " direction=\"in\"");
            self.arguments(method.gives, " direction=\"out\"");
            if matches!(method.deed, Deed::CreateSession(_)) {
                self.annotation("org.freedesktop.systemd1.Privileged", "true");
            }
            self.line(format_args!("  </method>"));
        }
        for signal in interface.signals {
            self.line(format_args!("  <signal name=\"{}\">", signal.name));
            self.arguments(signal.carries, "");
            self.line(format_args!("  </signal>"));
        }
        for property in interface.properties.iter().filter(|property| property.change != Change::Hidden) {
            self.line(format_args!(
                "  <property name=\"{}\" type=\"{}\" access=\"read\">",
                property.name, property.kind
            ));
            if property.change != Change::Told {
                self.annotation("org.freedesktop.DBus.Property.EmitsChangedSignal", property.change.name());
            }
            self.line(format_args!("  </property>"));
        }
        self.line(format_args!(" </interface>"));
        self
    }

    /// The whole text, with the object's children: labels of paths, so nothing in them needs escaping.
    pub(super) fn finish(mut self, children: &[String]) -> String {
        for child in children {
            self.line(format_args!(" <node name=\"{child}\"/>"));
        }
        self.line(format_args!("</node>"));
        self.0
    }

    fn arguments(&mut self, arguments: Arguments, direction: &str) {
        for (name, kind) in arguments {
            self.line(format_args!("   <arg type=\"{kind}\" name=\"{name}\"{direction}/>"));
        }
    }

    fn annotation(&mut self, name: &str, value: &str) {
        self.line(format_args!("   <annotation name=\"{name}\" value=\"{value}\"/>"));
    }

    fn line(&mut self, line: fmt::Arguments<'_>) {
        self.0.push_str(&fmt::format(line));
        self.0.push('\n');
    }
}

//! What a descriptor set declares.

use std::collections::BTreeMap;

use prost_types::{DescriptorProto, EnumDescriptorProto, FileDescriptorSet};

/// Messages and enums by full name.
#[derive(Default)]
pub(crate) struct Index<'a> {
    pub(crate) messages: BTreeMap<String, &'a DescriptorProto>,
    pub(crate) enums: BTreeMap<String, &'a EnumDescriptorProto>,
}

impl<'a> Index<'a> {
    /// Those of a descriptor set, nested ones too.
    pub(crate) fn of(set: &'a FileDescriptorSet) -> Self {
        let mut index = Self::default();
        for file in &set.file {
            index.enums(file.package(), &file.enum_type);
            file.message_type.iter().for_each(|message| index.message(file.package(), message));
        }
        index
    }

    fn message(&mut self, scope: &str, message: &'a DescriptorProto) {
        let name = format!("{scope}.{}", message.name());
        self.enums(&name, &message.enum_type);
        message.nested_type.iter().for_each(|nested| self.message(&name, nested));
        self.messages.insert(name, message);
    }

    fn enums(&mut self, scope: &str, enums: &'a [EnumDescriptorProto]) {
        self.enums.extend(enums.iter().map(|item| (format!("{scope}.{}", item.name()), item)));
    }
}

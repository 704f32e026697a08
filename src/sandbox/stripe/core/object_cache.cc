#include "sandbox/stripe/core/object_cache.h"

#include <algorithm>

#include "json/value.h"
#include "sandbox/documents.h"
#include "sandbox/object_store.h"
#include "sandbox/stored_document.h"
#include "sandbox/stripe/core/store.h"

namespace turnpike::twin {
namespace {

/// Above this, save() starts afresh: the engine goes over any number of objects, most of them once.
constexpr std::size_t kEntriesMax = 500;

std::string key_of(std::string_view kind, const std::string& id) {
    std::string key;
    key.reserve(kind.size() + 1 + id.size());
    key += kind;
    key += ' ';
    key += id;
    return key;
}

}  // namespace

ObjectCache::Entry& ObjectCache::entry_of(std::string_view kind, const std::string& id) {
    const auto key = key_of(kind, id);
    if (const auto known = entries_.find(key); known != entries_.end()) return known->second;
    const auto row = load_object(*tx_, {account_, kind, id});
    auto object = row ? std::make_shared<const Json>(read_stored(row->body)) : nullptr;
    return entries_.emplace(key, Entry{.object = object, .stored = object}).first->second;
}

ObjectCache::Shared ObjectCache::find(std::string_view kind, const std::string& id) {
    return entry_of(kind, id).object;
}

ObjectCache::Shared ObjectCache::take(std::string_view kind, const std::string& id,
                                      std::string_view text) {
    const auto key = key_of(kind, id);
    if (const auto known = entries_.find(key); known != entries_.end()) return known->second.object;
    auto object = std::make_shared<const Json>(read_stored(text));
    entries_.emplace(key, Entry{.object = object, .stored = object});
    return object;
}

void ObjectCache::wait(std::string_view kind, const std::string& key, Entry& entry) {
    if (entry.waits) return;
    entry.waits = true;
    waiting_.push_back(key);
    if (std::ranges::find(waiting_kinds_, kind) == waiting_kinds_.end())
        waiting_kinds_.emplace_back(kind);
}

void ObjectCache::put(const Json& object) {
    const auto kind = text_of(object, "object");
    const auto key = key_of(kind, text_of(object, "id"));
    auto& entry = entries_[key];
    entry.object = std::make_shared<const Json>(object);
    wait(kind, key, entry);
}

void ObjectCache::put_due(std::string_view kind, const std::string& id, std::optional<Instant> when,
                          const std::string& test_clock) {
    const auto key = key_of(kind, id);
    const auto known = entries_.find(key);
    if (known == entries_.end()) return save_due(*tx_, {account_, kind, id}, when, test_clock);
    if (!known->second.object) return;
    known->second.due = Due{.when = when, .test_clock = test_clock};
    wait(kind, key, known->second);
}

void ObjectCache::remove(std::string_view kind, const std::string& id) {
    const auto key = key_of(kind, id);
    std::erase(waiting_, key);
    entries_.insert_or_assign(key, Entry{});
    delete_object(*tx_, {account_, kind, id});
}

void ObjectCache::write(Entry& entry) {
    const auto kind = text_of(*entry.object, "object");
    const auto id = text_of(*entry.object, "id");
    if (entry.object != entry.stored)
        save_object(*tx_, account_, *entry.object, entry.stored.get());
    entry.stored = entry.object;
    if (entry.due) save_due(*tx_, {account_, kind, id}, entry.due->when, entry.due->test_clock);
    entry.due.reset();
    entry.waits = false;
}

void ObjectCache::save() {
    for (const auto& key : waiting_) write(entries_.at(key));
    waiting_.clear();
    waiting_kinds_.clear();
    if (entries_.size() > kEntriesMax) entries_.clear();
}

void ObjectCache::save_if_any(std::string_view kind) {
    if (std::ranges::find(waiting_kinds_, kind) != waiting_kinds_.end()) save();
}

void ObjectCache::clear() {
    entries_.clear();
    waiting_.clear();
    waiting_kinds_.clear();
}

}  // namespace turnpike::twin

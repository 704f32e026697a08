#include "payments/razorpay/notes.h"

#include "base/encoding.h"
#include "crypto/crypto.h"
#include "json/value.h"
#include "payments/exchange.h"

namespace turnpike::razorpay {

std::string obligation_note(const std::string& obligation) {
    if (obligation.size() <= kNoteMax) return obligation;
    return "sha256:" + to_hex(sha256(obligation));
}

Json notes_of(const std::string& obligation, const std::map<std::string, std::string>& more) {
    Json notes = Json::object();
    for (const auto& [name, value] : more) notes[name] = shortened(value, kNoteMax);
    notes[std::string(kObligationKey)] = obligation_note(obligation);
    return notes;
}

std::string shortened(std::string_view text, std::size_t characters_max) {
    std::size_t characters = 0;
    for (std::size_t at = 0; at < text.size(); ++at) {
        const bool begins = (static_cast<unsigned char>(text[at]) & 0xC0U) != 0x80U;
        if (begins && ++characters > characters_max) return std::string(text.substr(0, at));
    }
    return std::string(text);
}

}  // namespace turnpike::razorpay

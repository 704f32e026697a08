#include "pdf/render.h"

#include <array>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <map>
#include <memory>
#include <regex>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

namespace turnpike {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

/// What a reader's eye, or a search, finds in the file: by pdftotext (Debian: poppler-utils).
std::string read_back(const std::string& pdf, std::string_view how = "-layout") {
    const auto file =
        std::filesystem::temp_directory_path() / fmt::format("turnpike_pdf_{}.pdf", getpid());
    std::ofstream(file, std::ios::binary) << pdf;
    const std::string command = fmt::format("pdftotext {} '{}' -", how, file.string());
    std::string text;
    {
        const std::unique_ptr<std::FILE, int (*)(std::FILE*)> pipe(popen(command.c_str(), "r"),
                                                                   pclose);
        std::array<char, 4096> part{};
        while (const std::size_t size = std::fread(part.data(), 1, part.size(), pipe.get()))
            text.append(part.data(), size);
    }
    std::filesystem::remove(file);
    EXPECT_FALSE(text.empty()) << command;
    return text;
}

std::size_t count_of(const std::string& text, std::string_view what) {
    std::size_t count = 0;
    for (std::size_t at = text.find(what); at != std::string::npos; at = text.find(what, at + 1))
        ++count;
    return count;
}

/// What the eye sees from left to right in the row of the page that has `word`, without spaces.
std::string row_with(const std::string& pdf, const std::string& word) {
    static const std::regex kPart(
        R"(<word xMin="(\d+)\.\d+" yMin="(\d+)\.\d+" [^>]*>([^<]*)</word>)");
    const std::string page = read_back(pdf, "-bbox");
    std::map<int, std::map<int, std::string>> rows;  // parts by their edge, by their height
    int wanted = -1;
    for (std::sregex_iterator at(page.begin(), page.end(), kPart), end; at != end; ++at) {
        const int row = std::stoi((*at)[2]);
        rows[row][std::stoi((*at)[1])] = (*at)[3];
        if (wanted < 0 && (*at)[3] == word) wanted = row;
    }
    std::string seen;
    for (const auto& [x, part] : rows[wanted]) seen += part;
    return seen;
}

PdfDocument invoice() {
    PdfDocument document;
    document.title = "Invoice";
    document.facts = {{"Invoice number", "ECPMUAJT-0001"}, {"Date of issue", "1 March 2026"}};
    document.parties = {{"Turnpike sandbox", {"United States"}},
                        {"Bill to", {"Ada Lovelace", "ada@example.com"}}};
    document.headline = "$25.00 due 1 March 2026";
    document.lines = {
        {"1 × Pro (at $25.00 / month)", "1 Mar 2026 - 1 Apr 2026", "1", "$25.00", "$25.00"}};
    document.totals = {{"Subtotal", "$25.00"}, {"Amount due", "$25.00", PdfTotal::Weight::Strong}};
    document.notes = {"Thank you."};
    document.footer = "ECPMUAJT-0001";
    return document;
}

TEST(RenderPdf, ShowsEverythingThatTheDocumentSays) {
    const std::string text = read_back(render_pdf(invoice()));
    for (const char* part :
         {"Invoice number", "ECPMUAJT-0001", "Date of issue", "Turnpike sandbox", "United States",
          "Bill to", "Ada Lovelace", "ada@example.com", "$25.00 due 1 March 2026", "Description",
          "Quantity", "Unit price", "1 × Pro (at $25.00 / month)", "1 Mar 2026 - 1 Apr 2026",
          "Subtotal", "Amount due", "Thank you.", "ECPMUAJT-0001 · Page 1 of 1"})
        EXPECT_THAT(text, HasSubstr(part));
}

TEST(RenderPdf, IsAFileWithItsFontsInside) {
    const std::string pdf = render_pdf(invoice());
    EXPECT_THAT(pdf, StartsWith("%PDF-1."));
    EXPECT_THAT(pdf, HasSubstr("/FontFile2"));
    EXPECT_THAT(pdf, HasSubstr("%%EOF"));
}

TEST(RenderPdf, MakesTheSameBytesOfTheSameDocument) {
    const std::string once = render_pdf(invoice());
    EXPECT_EQ(render_pdf(invoice()), once);
    EXPECT_THAT(once, Not(HasSubstr("Date")));  // nothing in it tells when it was made
    PdfDocument other = invoice();
    other.notes = {"Thank you!"};
    EXPECT_NE(render_pdf(other), once);
}

TEST(RenderPdf, GoesOnOverPages) {
    PdfDocument document = invoice();
    document.lines.clear();
    for (int i = 1; i <= 60; ++i)
        document.lines.push_back({fmt::format("Line number {:02}", i), "", "1", "$1.00", "$1.00"});
    const std::string text = read_back(render_pdf(document));
    EXPECT_EQ(count_of(text, "Page 1 of 3"), 1);
    EXPECT_GE(count_of(text, "Unit price"), 2);  // the table's head is on every page of it
    std::size_t last = 0;
    for (int i = 1; i <= 60; ++i) {
        const std::string line = fmt::format("Line number {:02}", i);
        EXPECT_EQ(count_of(text, line), 1) << line;
        EXPECT_GT(text.find(line), last) << line;
        last = text.find(line);
    }
    EXPECT_GT(text.find("Amount due"), last);
}

TEST(RenderPdf, WrapsWhatIsLong) {
    PdfDocument document = invoice();
    std::string words;
    for (int i = 0; i < 700; ++i) words += fmt::format("word{:03} ", i);
    document.lines[0].description = words;
    document.parties[1].lines[0] = std::string(300, 'W') + "END";  // no place to break at
    document.lines.push_back({"The next", "", "1", "$999,999.99", "$999,999.99"});
    const std::string text = read_back(render_pdf(document));
    for (int i = 0; i < 700; ++i) EXPECT_EQ(count_of(text, fmt::format("word{:03}", i)), 1) << i;
    EXPECT_THAT(text, HasSubstr("END"));
    EXPECT_THAT(text, HasSubstr("The next"));
    EXPECT_EQ(count_of(text, "$999,999.99"), 2);
    EXPECT_THAT(text, Not(HasSubstr("Page 1 of 1")));
}

TEST(RenderPdf, KnowsTheSignsOfCurrenciesAndManyScripts) {
    PdfDocument document = invoice();
    const std::vector<std::string> texts{"¥1,200", "KWD 1.234", "-€0.01", "£7.00", "₹99.00",
                                         "R$5.00", "₩500",      "₪1.00",  "₺1.00", "₽1.00",
                                         "₴1.00",  "₦1.00",     "₱1.00",  "₫1000", "₡1.00",
                                         "₲1000",  "₵1.00",     "₸1.00",  "฿1.00", "zł 1.00"};
    document.lines.clear();
    for (const std::string& text : texts) document.lines.push_back({"x", "", "1", text, text});
    document.parties[1].lines = {"Šárka Ångström", "Ελένη Παπαδοπούλου", "Дмитрий Иванов"};
    const std::string read = read_back(render_pdf(document));
    for (const std::string& text : texts) EXPECT_EQ(count_of(read, text), 2) << text;
    for (const std::string& name : document.parties[1].lines) EXPECT_THAT(read, HasSubstr(name));
}

// Three letters in Arabic and in Hebrew, as they are read and as they stand. The texts are English
// around a name, whichever it is; what somebody has written alone goes as its first letter does.
TEST(RenderPdf, ReadsFromLeftToRightAroundNamesThatDoNot) {
    struct Case {
        std::string read, seen;
    };
    for (const auto& [name, seen] : {Case{"تقد", "دقت"}, Case{"אבג", "גבא"}}) {
        PdfDocument document = invoice();
        document.parties[1].lines = {name + " Cafe"};
        document.lines = {{"1 × " + name + " (at 29.00 USD / month)", "", "seven", "", ""},
                          {name + " overage: 4,467 × 0.003", "", "eight", "", ""}};
        const std::string pdf = render_pdf(document);
        EXPECT_EQ(row_with(pdf, "seven"), "1×" + seen + "(at29.00USD/month)seven");
        EXPECT_EQ(row_with(pdf, "eight"), seen + "overage:4,467×0.003eight");
        EXPECT_EQ(row_with(pdf, "Cafe"), "UnitedStatesCafe" + seen);
    }
}

TEST(RenderPdf, LeavesOutWhatIsEmpty) {
    const std::string text = read_back(render_pdf({.title = "Credit note", .mark = "VOID"}));
    EXPECT_THAT(text, HasSubstr("VOID"));
    EXPECT_THAT(text, HasSubstr("Page 1 of 1"));
    EXPECT_THAT(text, Not(HasSubstr("Quantity")));
}

}  // namespace
}  // namespace turnpike

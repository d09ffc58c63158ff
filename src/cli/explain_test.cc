#include "cli/explain.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "cli/html.h"

namespace stretto::cli {
namespace {

const char* const kHostile = "<script>alert('x')</script>\"&\x1b[31m\xff";

ExplainedLayer layer(const std::string& name, double own, double inherited, double share) {
  ExplainedLayer made;
  made.layer = name;
  made.op = "product";
  made.value = name + "_out";
  made.weights_db = 44;
  made.total_db = std::min(own, inherited);
  made.own_db = own;
  made.inherited_db = inherited;
  made.channel_db = own - 9;
  made.output_db = 20 - 10 * std::log10(share);
  made.share = share;
  return made;
}

BuildReport report() {
  BuildReport r;
  r.model = kHostile;
  r.precision = "int8";
  r.explanation.samples = 8;
  r.explanation.ranked_samples = 8;
  r.explanation.output_db = 20;
  r.explanation.layers = {layer("conv_1", 40, 50, 0.1), layer(kHostile, 20, 40, 0.85), layer("conv_3", 45, 20, 0.05)};
  r.explanation.layers[1].causes = {{"dwarfing_channel", std::string("channel 3 dwarfs ") + kHostile, 41, 3}};
  r.explanation.layers[2].output_db.reset();
  r.explanation.layers[2].share = 0;
  r.reverted = {{kHostile, "int8", "fp32", kHostile}};
  return r;
}

size_t count(const std::string& text, const std::string& what) {
  size_t found = 0;
  for (size_t at = text.find(what); at != std::string::npos; at = text.find(what, at + 1)) ++found;
  return found;
}

TEST(Html, MarkupControlCharactersAndBrokenUtf8AreText) {
  EXPECT_EQ(html_escaped("a<b>&\"'\n\x7f"), "a&lt;b&gt;&amp;&quot;&#39;  ");
  EXPECT_EQ(html_escaped("é→😀"), "é→😀");
  EXPECT_EQ(html_escaped("\xc0\xaf|\xed\xa0\x80|\xf5|\xe2\x82"),
            "\xef\xbf\xbd\xef\xbf\xbd|\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd|\xef\xbf\xbd|\xef\xbf\xbd\xef\xbf\xbd");
}

TEST(ExplainHtml, HasEveryLayerAndNothingOfANameButText) {
  const std::string page = explanation_html(report());
  for (int i = 0; i < 3; ++i) EXPECT_EQ(count(page, "id=\"layer-" + std::to_string(i) + "\""), 1u);
  EXPECT_EQ(count(page, "<script"), 1u) << "its own";
  EXPECT_EQ(count(page, "alert("), 8u) << "title, heading, two in the ranking, the layers and what was reverted";
  EXPECT_EQ(count(page, "alert('"), 0u);
  EXPECT_NE(page.find("&lt;script&gt;alert(&#39;x&#39;)&lt;/script&gt;&quot;&amp; [31m\xef\xbf\xbd"),
            std::string::npos);
  EXPECT_EQ(page.find("http:"), std::string::npos);
  EXPECT_EQ(page.find("https:"), std::string::npos);
  EXPECT_NE(page.find("default-src 'none'"), std::string::npos);
}

TEST(ExplainHtml, TagsAreBalancedAndLinksLead) {
  const std::string page = explanation_html(report());
  for (const char* tag :
       {"table", "thead", "tbody", "tr", "td", "th",   "dl",   "dt",   "dd",    "div",   "a",   "span",
        "i",     "b",     "h1",    "h2", "p",  "html", "head", "body", "title", "style", "code"}) {
    const std::string name = tag;
    EXPECT_EQ(count(page, "<" + name + ">") + count(page, "<" + name + " "), count(page, "</" + name + ">")) << tag;
  }
  for (size_t at = page.find("href=\"#"); at != std::string::npos; at = page.find("href=\"#", at + 1)) {
    const size_t begin = at + 7;
    const std::string target = page.substr(begin, page.find('"', begin) - begin);
    EXPECT_EQ(count(page, "id=\"" + target + "\""), 1u) << target;
  }
}

TEST(ExplainText, MarksTheWorstAndSaysWhatItMeans) {
  const std::string text = explanation_text(report());
  EXPECT_NE(text.find("*  <script>"), std::string::npos);
  EXPECT_NE(text.find("85 %  <script>"), std::string::npos);
  EXPECT_NE(text.find("dwarfing channel (3)"), std::string::npos);
  EXPECT_NE(text.find("inherited  what came in"), std::string::npos);
  EXPECT_NE(text.find("Not int8"), std::string::npos);
  EXPECT_EQ(text.find('\x1b'), std::string::npos);
  EXPECT_EQ(text.find("vanished"), std::string::npos) << "causes that do not occur are not explained";
}

TEST(Explain, WorstAreThoseWithTheLargestShareAndNoneWithoutOne) {
  const Explanation e = report().explanation;
  EXPECT_EQ(worst_layers(e, 5), (std::vector<size_t>{1, 0}));
  EXPECT_EQ(worst_layers(e, 1), (std::vector<size_t>{1}));
  EXPECT_TRUE(worst_layers({}, 5).empty());
}

TEST(Explain, OwnPartIsOfEnergies) {
  EXPECT_NEAR(own_part(layer("a", 20, 30, 0.5)), 10.0 / 11, 1e-9);
  EXPECT_EQ(own_part(layer("a", 300, 300, 0.5)), 0);
}

}  // namespace
}  // namespace stretto::cli

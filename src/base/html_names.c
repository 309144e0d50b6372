#include "base/html_names.h"

#include <ctype.h>
#include <string.h>

/* The named character references of the HTML Standard (13.5), a list that never changes.
 * For each first letter the names, the longest first. A name ends with ":" when it is
 * also valid without a semicolon, else with ";". Its text follows, then a NUL. */
/* clang-format off */
static const char *const names['z' - 'A' + 1] = {
    ['A' - 'A'] =
        "ApplyFunction;\u2061\0Aacute:\u00C1\0Abreve;\u0102\0Agrave:\u00C0\0"
        "Assign;\u2254\0Atilde:\u00C3\0AElig:\u00C6\0Acirc:\u00C2\0Alpha;\u0391\0"
        "Amacr;\u0100\0Aogon;\u0104\0Aring:\u00C5\0Aopf;\U0001D538\0Ascr;\U0001D49C\0"
        "Auml:\u00C4\0AMP:&\0Acy;\u0410\0Afr;\U0001D504\0And;\u2A53\0",
    ['B' - 'A'] =
        "Bernoullis;\u212C\0Backslash;\u2216\0Because;\u2235\0Barwed;\u2306\0"
        "Bumpeq;\u224E\0Breve;\u02D8\0Barv;\u2AE7\0Beta;\u0392\0Bopf;\U0001D539\0"
        "Bscr;\u212C\0Bcy;\u0411\0Bfr;\U0001D505\0",
    ['C' - 'A'] =
        "CounterClockwiseContourIntegral;\u2233\0ClockwiseContourIntegral;\u2232\0"
        "CloseCurlyDoubleQuote;\u201D\0CapitalDifferentialD;\u2145\0"
        "CloseCurlyQuote;\u2019\0ContourIntegral;\u222E\0CircleMinus;\u2296\0"
        "CircleTimes;\u2297\0CirclePlus;\u2295\0CenterDot;\u00B7\0CircleDot;\u2299\0"
        "Congruent;\u2261\0Coproduct;\u2210\0Cayleys;\u212D\0Cconint;\u2230\0"
        "Cedilla;\u00B8\0Cacute;\u0106\0Ccaron;\u010C\0Ccedil:\u00C7\0Colone;\u2A74\0"
        "Conint;\u222F\0CupCap;\u224D\0Ccirc;\u0108\0Colon;\u2237\0Cross;\u2A2F\0"
        "CHcy;\u0427\0COPY:\u00A9\0Cdot;\u010A\0Copf;\u2102\0Cscr;\U0001D49E\0"
        "Cap;\u22D2\0Cfr;\u212D\0Chi;\u03A7\0Cup;\u22D3\0",
    ['D' - 'A'] =
        "DoubleLongLeftRightArrow;\u27FA\0DiacriticalDoubleAcute;\u02DD\0"
        "DoubleContourIntegral;\u222F\0DoubleLeftRightArrow;\u21D4\0"
        "DoubleLongRightArrow;\u27F9\0DoubleLongLeftArrow;\u27F8\0"
        "DownLeftRightVector;\u2950\0DownRightTeeVector;\u295F\0"
        "DownRightVectorBar;\u2957\0DoubleUpDownArrow;\u21D5\0"
        "DoubleVerticalBar;\u2225\0DownLeftTeeVector;\u295E\0DownLeftVectorBar;\u2956\0"
        "DiacriticalAcute;\u00B4\0DiacriticalGrave;`\0DiacriticalTilde;\u02DC\0"
        "DoubleRightArrow;\u21D2\0DownArrowUpArrow;\u21F5\0DoubleDownArrow;\u21D3\0"
        "DoubleLeftArrow;\u21D0\0DownRightVector;\u21C1\0DiacriticalDot;\u02D9\0"
        "DoubleRightTee;\u22A8\0DownLeftVector;\u21BD\0DifferentialD;\u2146\0"
        "DoubleLeftTee;\u2AE4\0DoubleUpArrow;\u21D1\0DownArrowBar;\u2913\0"
        "DownTeeArrow;\u21A7\0DoubleDot;\u00A8\0DownArrow;\u2193\0DownBreve;\u0311\0"
        "Downarrow;\u21D3\0DDotrahd;\u2911\0DotEqual;\u2250\0Diamond;\u22C4\0"
        "DownTee;\u22A4\0Dagger;\u2021\0Dcaron;\u010E\0DotDot;\u20DC\0Dstrok;\u0110\0"
        "Dashv;\u2AE4\0Delta;\u0394\0DJcy;\u0402\0DScy;\u0405\0DZcy;\u040F\0"
        "Darr;\u21A1\0Dopf;\U0001D53B\0Dscr;\U0001D49F\0Dcy;\u0414\0Del;\u2207\0"
        "Dfr;\U0001D507\0Dot;\u00A8\0DD;\u2145\0",
    ['E' - 'A'] =
        "EmptyVerySmallSquare;\u25AB\0EmptySmallSquare;\u25FB\0ExponentialE;\u2147\0"
        "Equilibrium;\u21CC\0EqualTilde;\u2242\0Element;\u2208\0Epsilon;\u0395\0"
        "Eacute:\u00C9\0Ecaron;\u011A\0Egrave:\u00C8\0Exists;\u2203\0Ecirc:\u00CA\0"
        "Emacr;\u0112\0Eogon;\u0118\0Equal;\u2A75\0Edot;\u0116\0Eopf;\U0001D53C\0"
        "Escr;\u2130\0Esim;\u2A73\0Euml:\u00CB\0ENG;\u014A\0ETH:\u00D0\0Ecy;\u042D\0"
        "Efr;\U0001D508\0Eta;\u0397\0",
    ['F' - 'A'] =
        "FilledVerySmallSquare;\u25AA\0FilledSmallSquare;\u25FC\0Fouriertrf;\u2131\0"
        "ForAll;\u2200\0Fopf;\U0001D53D\0Fscr;\u2131\0Fcy;\u0424\0Ffr;\U0001D509\0",
    ['G' - 'A'] =
        "GreaterSlantEqual;\u2A7E\0GreaterEqualLess;\u22DB\0GreaterFullEqual;\u2267\0"
        "GreaterGreater;\u2AA2\0GreaterEqual;\u2265\0GreaterTilde;\u2273\0"
        "GreaterLess;\u2277\0Gammad;\u03DC\0Gbreve;\u011E\0Gcedil;\u0122\0"
        "Gamma;\u0393\0Gcirc;\u011C\0GJcy;\u0403\0Gdot;\u0120\0Gopf;\U0001D53E\0"
        "Gscr;\U0001D4A2\0Gcy;\u0413\0Gfr;\U0001D50A\0GT:>\0Gg;\u22D9\0Gt;\u226B\0",
    ['H' - 'A'] =
        "HorizontalLine;\u2500\0HilbertSpace;\u210B\0HumpDownHump;\u224E\0"
        "HumpEqual;\u224F\0HARDcy;\u042A\0Hstrok;\u0126\0Hacek;\u02C7\0Hcirc;\u0124\0"
        "Hopf;\u210D\0Hscr;\u210B\0Hat;^\0Hfr;\u210C\0",
    ['I' - 'A'] =
        "InvisibleComma;\u2063\0InvisibleTimes;\u2062\0Intersection;\u22C2\0"
        "ImaginaryI;\u2148\0Integral;\u222B\0Implies;\u21D2\0Iacute:\u00CD\0"
        "Igrave:\u00CC\0Itilde;\u0128\0IJlig;\u0132\0Icirc:\u00CE\0Imacr;\u012A\0"
        "Iogon;\u012E\0Iukcy;\u0406\0IEcy;\u0415\0IOcy;\u0401\0Idot;\u0130\0"
        "Iopf;\U0001D540\0Iota;\u0399\0Iscr;\u2110\0Iuml:\u00CF\0Icy;\u0418\0"
        "Ifr;\u2111\0Int;\u222C\0Im;\u2111\0",
    ['J' - 'A'] =
        "Jsercy;\u0408\0Jcirc;\u0134\0Jukcy;\u0404\0Jopf;\U0001D541\0Jscr;\U0001D4A5\0"
        "Jcy;\u0419\0Jfr;\U0001D50D\0",
    ['K' - 'A'] =
        "Kcedil;\u0136\0Kappa;\u039A\0KHcy;\u0425\0KJcy;\u040C\0Kopf;\U0001D542\0"
        "Kscr;\U0001D4A6\0Kcy;\u041A\0Kfr;\U0001D50E\0",
    ['L' - 'A'] =
        "LeftArrowRightArrow;\u21C6\0LongLeftRightArrow;\u27F7\0"
        "Longleftrightarrow;\u27FA\0LeftDoubleBracket;\u27E6\0"
        "LeftDownTeeVector;\u2961\0LeftDownVectorBar;\u2959\0LeftTriangleEqual;\u22B4\0"
        "LeftAngleBracket;\u27E8\0LeftUpDownVector;\u2951\0LessEqualGreater;\u22DA\0"
        "LeftRightVector;\u294E\0LeftTriangleBar;\u29CF\0LeftUpTeeVector;\u2960\0"
        "LeftUpVectorBar;\u2958\0LowerRightArrow;\u2198\0LeftDownVector;\u21C3\0"
        "LeftRightArrow;\u2194\0Leftrightarrow;\u21D4\0LessSlantEqual;\u2A7D\0"
        "LongRightArrow;\u27F6\0Longrightarrow;\u27F9\0LowerLeftArrow;\u2199\0"
        "LeftTeeVector;\u295A\0LeftVectorBar;\u2952\0LessFullEqual;\u2266\0"
        "LongLeftArrow;\u27F5\0Longleftarrow;\u27F8\0LeftArrowBar;\u21E4\0"
        "LeftTeeArrow;\u21A4\0LeftTriangle;\u22B2\0LeftUpVector;\u21BF\0"
        "LeftCeiling;\u2308\0LessGreater;\u2276\0Laplacetrf;\u2112\0LeftVector;\u21BC\0"
        "Lleftarrow;\u21DA\0LeftArrow;\u2190\0LeftFloor;\u230A\0Leftarrow;\u21D0\0"
        "LessTilde;\u2272\0LessLess;\u2AA1\0LeftTee;\u22A3\0Lacute;\u0139\0"
        "Lambda;\u039B\0Lcaron;\u013D\0Lcedil;\u013B\0Lmidot;\u013F\0Lstrok;\u0141\0"
        "LJcy;\u0409\0Lang;\u27EA\0Larr;\u219E\0Lopf;\U0001D543\0Lscr;\u2112\0"
        "Lcy;\u041B\0Lfr;\U0001D50F\0Lsh;\u21B0\0LT:<\0Ll;\u22D8\0Lt;\u226A\0",
    ['M' - 'A'] =
        "MediumSpace;\u205F\0Mellintrf;\u2133\0MinusPlus;\u2213\0Mopf;\U0001D544\0"
        "Mscr;\u2133\0Map;\u2905\0Mcy;\u041C\0Mfr;\U0001D510\0Mu;\u039C\0",
    ['N' - 'A'] =
        "NotNestedGreaterGreater;\u2AA2\u0338\0NotSquareSupersetEqual;\u22E3\0"
        "NegativeVeryThinSpace;\u200B\0NotPrecedesSlantEqual;\u22E0\0"
        "NotRightTriangleEqual;\u22ED\0NotSucceedsSlantEqual;\u22E1\0"
        "NestedGreaterGreater;\u226B\0NotDoubleVerticalBar;\u2226\0"
        "NotGreaterSlantEqual;\u2A7E\u0338\0NotLeftTriangleEqual;\u22EC\0"
        "NotSquareSubsetEqual;\u22E2\0NegativeMediumSpace;\u200B\0"
        "NotGreaterFullEqual;\u2267\u0338\0NotRightTriangleBar;\u29D0\u0338\0"
        "NegativeThickSpace;\u200B\0NotLeftTriangleBar;\u29CF\u0338\0"
        "NegativeThinSpace;\u200B\0NotGreaterGreater;\u226B\u0338\0"
        "NotLessSlantEqual;\u2A7D\u0338\0NotNestedLessLess;\u2AA1\u0338\0"
        "NotReverseElement;\u220C\0NotSquareSuperset;\u2290\u0338\0"
        "NotTildeFullEqual;\u2247\0NonBreakingSpace;\u00A0\0"
        "NotPrecedesEqual;\u2AAF\u0338\0NotRightTriangle;\u22EB\0"
        "NotSucceedsEqual;\u2AB0\u0338\0NotSucceedsTilde;\u227F\u0338\0"
        "NotSupersetEqual;\u2289\0NotGreaterEqual;\u2271\0NotGreaterTilde;\u2275\0"
        "NotHumpDownHump;\u224E\u0338\0NotLeftTriangle;\u22EA\0"
        "NotSquareSubset;\u228F\u0338\0NestedLessLess;\u226A\0NotGreaterLess;\u2279\0"
        "NotLessGreater;\u2278\0NotSubsetEqual;\u2288\0NotVerticalBar;\u2224\0"
        "NotEqualTilde;\u2242\u0338\0NotTildeEqual;\u2244\0NotTildeTilde;\u2249\0"
        "NotCongruent;\u2262\0NotHumpEqual;\u224F\u0338\0NotLessEqual;\u2270\0"
        "NotLessTilde;\u2274\0NotLessLess;\u226A\u0338\0NotPrecedes;\u2280\0"
        "NotSucceeds;\u2281\0NotSuperset;\u2283\u20D2\0NotElement;\u2209\0"
        "NotGreater;\u226F\0NotCupCap;\u226D\0NotExists;\u2204\0"
        "NotSubset;\u2282\u20D2\0NotEqual;\u2260\0NotTilde;\u2241\0NewLine;\n\0"
        "NoBreak;\u2060\0NotLess;\u226E\0Nacute;\u0143\0Ncaron;\u0147\0Ncedil;\u0145\0"
        "Ntilde:\u00D1\0NJcy;\u040A\0Nopf;\u2115\0Nscr;\U0001D4A9\0Ncy;\u041D\0"
        "Nfr;\U0001D511\0Not;\u2AEC\0Nu;\u039D\0",
    ['O' - 'A'] =
        "OpenCurlyDoubleQuote;\u201C\0OverParenthesis;\u23DC\0OpenCurlyQuote;\u2018\0"
        "OverBracket;\u23B4\0OverBrace;\u23DE\0Omicron;\u039F\0OverBar;\u203E\0"
        "Oacute:\u00D3\0Odblac;\u0150\0Ograve:\u00D2\0Oslash:\u00D8\0Otilde:\u00D5\0"
        "Otimes;\u2A37\0OElig;\u0152\0Ocirc:\u00D4\0Omacr;\u014C\0Omega;\u03A9\0"
        "Oopf;\U0001D546\0Oscr;\U0001D4AA\0Ouml:\u00D6\0Ocy;\u041E\0Ofr;\U0001D512\0"
        "Or;\u2A54\0",
    ['P' - 'A'] =
        "PrecedesSlantEqual;\u227C\0Poincareplane;\u210C\0PrecedesEqual;\u2AAF\0"
        "PrecedesTilde;\u227E\0Proportional;\u221D\0Proportion;\u2237\0"
        "PlusMinus;\u00B1\0PartialD;\u2202\0Precedes;\u227A\0Product;\u220F\0"
        "Prime;\u2033\0Popf;\u2119\0Pscr;\U0001D4AB\0Pcy;\u041F\0Pfr;\U0001D513\0"
        "Phi;\u03A6\0Psi;\u03A8\0Pi;\u03A0\0Pr;\u2ABB\0",
    ['Q' - 'A'] =
        "QUOT:\"\0Qopf;\u211A\0Qscr;\U0001D4AC\0Qfr;\U0001D514\0",
    ['R' - 'A'] =
        "ReverseUpEquilibrium;\u296F\0RightArrowLeftArrow;\u21C4\0"
        "ReverseEquilibrium;\u21CB\0RightDoubleBracket;\u27E7\0"
        "RightDownTeeVector;\u295D\0RightDownVectorBar;\u2955\0"
        "RightTriangleEqual;\u22B5\0RightAngleBracket;\u27E9\0"
        "RightUpDownVector;\u294F\0RightTriangleBar;\u29D0\0RightUpTeeVector;\u295C\0"
        "RightUpVectorBar;\u2954\0RightDownVector;\u21C2\0ReverseElement;\u220B\0"
        "RightTeeVector;\u295B\0RightVectorBar;\u2953\0RightArrowBar;\u21E5\0"
        "RightTeeArrow;\u21A6\0RightTriangle;\u22B3\0RightUpVector;\u21BE\0"
        "RightCeiling;\u2309\0RoundImplies;\u2970\0RightVector;\u21C0\0"
        "Rrightarrow;\u21DB\0RuleDelayed;\u29F4\0RightArrow;\u2192\0RightFloor;\u230B\0"
        "Rightarrow;\u21D2\0RightTee;\u22A2\0Racute;\u0154\0Rarrtl;\u2916\0"
        "Rcaron;\u0158\0Rcedil;\u0156\0RBarr;\u2910\0Rang;\u27EB\0Rarr;\u21A0\0"
        "Ropf;\u211D\0Rscr;\u211B\0REG:\u00AE\0Rcy;\u0420\0Rfr;\u211C\0Rho;\u03A1\0"
        "Rsh;\u21B1\0Re;\u211C\0",
    ['S' - 'A'] =
        "SquareSupersetEqual;\u2292\0SquareIntersection;\u2293\0"
        "SucceedsSlantEqual;\u227D\0SquareSubsetEqual;\u2291\0ShortRightArrow;\u2192\0"
        "ShortDownArrow;\u2193\0ShortLeftArrow;\u2190\0SquareSuperset;\u2290\0"
        "SucceedsEqual;\u2AB0\0SucceedsTilde;\u227F\0SupersetEqual;\u2287\0"
        "ShortUpArrow;\u2191\0SquareSubset;\u228F\0SmallCircle;\u2218\0"
        "SquareUnion;\u2294\0SubsetEqual;\u2286\0Succeeds;\u227B\0SuchThat;\u220B\0"
        "Superset;\u2283\0SHCHcy;\u0429\0SOFTcy;\u042C\0Sacute;\u015A\0Scaron;\u0160\0"
        "Scedil;\u015E\0Square;\u25A1\0Subset;\u22D0\0Supset;\u22D1\0Scirc;\u015C\0"
        "Sigma;\u03A3\0SHcy;\u0428\0Sopf;\U0001D54A\0Sqrt;\u221A\0Sscr;\U0001D4AE\0"
        "Star;\u22C6\0Scy;\u0421\0Sfr;\U0001D516\0Sub;\u22D0\0Sum;\u2211\0Sup;\u22D1\0"
        "Sc;\u2ABC\0",
    ['T' - 'A'] =
        "TildeFullEqual;\u2245\0ThickSpace;\u205F\u200A\0TildeEqual;\u2243\0"
        "TildeTilde;\u2248\0Therefore;\u2234\0ThinSpace;\u2009\0TripleDot;\u20DB\0"
        "Tcaron;\u0164\0Tcedil;\u0162\0Tstrok;\u0166\0THORN:\u00DE\0TRADE;\u2122\0"
        "TSHcy;\u040B\0Theta;\u0398\0Tilde;\u223C\0TScy;\u0426\0Topf;\U0001D54B\0"
        "Tscr;\U0001D4AF\0Tab;\t\0Tau;\u03A4\0Tcy;\u0422\0Tfr;\U0001D517\0",
    ['U' - 'A'] =
        "UnderParenthesis;\u23DD\0UpArrowDownArrow;\u21C5\0UpperRightArrow;\u2197\0"
        "UpperLeftArrow;\u2196\0UpEquilibrium;\u296E\0UnderBracket;\u23B5\0"
        "UpDownArrow;\u2195\0Updownarrow;\u21D5\0UnderBrace;\u23DF\0UpArrowBar;\u2912\0"
        "UpTeeArrow;\u21A5\0UnionPlus;\u228E\0Uarrocir;\u2949\0UnderBar;_\0"
        "UpArrow;\u2191\0Uparrow;\u21D1\0Upsilon;\u03A5\0Uacute:\u00DA\0Ubreve;\u016C\0"
        "Udblac;\u0170\0Ugrave:\u00D9\0Utilde;\u0168\0Ubrcy;\u040E\0Ucirc:\u00DB\0"
        "Umacr;\u016A\0Union;\u22C3\0Uogon;\u0172\0UpTee;\u22A5\0Uring;\u016E\0"
        "Uarr;\u219F\0Uopf;\U0001D54C\0Upsi;\u03D2\0Uscr;\U0001D4B0\0Uuml:\u00DC\0"
        "Ucy;\u0423\0Ufr;\U0001D518\0",
    ['V' - 'A'] =
        "VerticalSeparator;\u2758\0VerticalTilde;\u2240\0VeryThinSpace;\u200A\0"
        "VerticalLine;|\0VerticalBar;\u2223\0Vdashl;\u2AE6\0Verbar;\u2016\0"
        "Vvdash;\u22AA\0VDash;\u22AB\0Vdash;\u22A9\0Vbar;\u2AEB\0Vert;\u2016\0"
        "Vopf;\U0001D54D\0Vscr;\U0001D4B1\0Vcy;\u0412\0Vee;\u22C1\0Vfr;\U0001D519\0",
    ['W' - 'A'] =
        "Wcirc;\u0174\0Wedge;\u22C0\0Wopf;\U0001D54E\0Wscr;\U0001D4B2\0Wfr;\U0001D51A\0",
    ['X' - 'A'] =
        "Xopf;\U0001D54F\0Xscr;\U0001D4B3\0Xfr;\U0001D51B\0Xi;\u039E\0",
    ['Y' - 'A'] =
        "Yacute:\u00DD\0Ycirc;\u0176\0YAcy;\u042F\0YIcy;\u0407\0YUcy;\u042E\0"
        "Yopf;\U0001D550\0Yscr;\U0001D4B4\0Yuml;\u0178\0Ycy;\u042B\0Yfr;\U0001D51C\0",
    ['Z' - 'A'] =
        "ZeroWidthSpace;\u200B\0Zacute;\u0179\0Zcaron;\u017D\0ZHcy;\u0416\0"
        "Zdot;\u017B\0Zeta;\u0396\0Zopf;\u2124\0Zscr;\U0001D4B5\0Zcy;\u0417\0"
        "Zfr;\u2128\0",
    ['a' - 'A'] =
        "andslope;\u2A58\0angmsdaa;\u29A8\0angmsdab;\u29A9\0angmsdac;\u29AA\0"
        "angmsdad;\u29AB\0angmsdae;\u29AC\0angmsdaf;\u29AD\0angmsdag;\u29AE\0"
        "angmsdah;\u29AF\0angrtvbd;\u299D\0approxeq;\u224A\0awconint;\u2233\0"
        "alefsym;\u2135\0angrtvb;\u22BE\0angzarr;\u237C\0asympeq;\u224D\0"
        "aacute:\u00E1\0abreve;\u0103\0agrave:\u00E0\0andand;\u2A55\0angmsd;\u2221\0"
        "angsph;\u2222\0apacir;\u2A6F\0approx;\u2248\0atilde:\u00E3\0acirc:\u00E2\0"
        "acute:\u00B4\0aelig:\u00E6\0aleph;\u2135\0alpha;\u03B1\0amacr;\u0101\0"
        "amalg;\u2A3F\0angle;\u2220\0angrt;\u221F\0angst;\u00C5\0aogon;\u0105\0"
        "aring:\u00E5\0asymp;\u2248\0awint;\u2A11\0andd;\u2A5C\0andv;\u2A5A\0"
        "ange;\u29A4\0aopf;\U0001D552\0apid;\u224B\0apos;'\0ascr;\U0001D4B6\0"
        "auml:\u00E4\0acE;\u223E\u0333\0acd;\u223F\0acy;\u0430\0afr;\U0001D51E\0amp:&\0"
        "and;\u2227\0ang;\u2220\0apE;\u2A70\0ape;\u224A\0ast;*\0ac;\u223E\0af;\u2061\0"
        "ap;\u2248\0",
    ['b' - 'A'] =
        "blacktriangleright;\u25B8\0blacktriangledown;\u25BE\0"
        "blacktriangleleft;\u25C2\0bigtriangledown;\u25BD\0bigtriangleup;\u25B3\0"
        "blacktriangle;\u25B4\0blacklozenge;\u29EB\0backepsilon;\u03F6\0"
        "blacksquare;\u25AA\0backprime;\u2035\0backsimeq;\u22CD\0bigotimes;\u2A02\0"
        "backcong;\u224C\0barwedge;\u2305\0bbrktbrk;\u23B6\0bigoplus;\u2A01\0"
        "bigsqcup;\u2A06\0biguplus;\u2A04\0bigwedge;\u22C0\0boxminus;\u229F\0"
        "boxtimes;\u22A0\0bsolhsub;\u27C8\0backsim;\u223D\0because;\u2235\0"
        "bemptyv;\u29B0\0between;\u226C\0bigcirc;\u25EF\0bigodot;\u2A00\0"
        "bigstar;\u2605\0bnequiv;\u2261\u20E5\0boxplus;\u229E\0barvee;\u22BD\0"
        "barwed;\u2305\0becaus;\u2235\0bernou;\u212C\0bigcap;\u22C2\0bigcup;\u22C3\0"
        "bigvee;\u22C1\0bkarow;\u290D\0bottom;\u22A5\0bowtie;\u22C8\0boxbox;\u29C9\0"
        "bprime;\u2035\0brvbar:\u00A6\0bullet;\u2022\0bumpeq;\u224F\0bcong;\u224C\0"
        "bdquo;\u201E\0bepsi;\u03F6\0blank;\u2423\0blk12;\u2592\0blk14;\u2591\0"
        "blk34;\u2593\0block;\u2588\0boxDL;\u2557\0boxDR;\u2554\0boxDl;\u2556\0"
        "boxDr;\u2553\0boxHD;\u2566\0boxHU;\u2569\0boxHd;\u2564\0boxHu;\u2567\0"
        "boxUL;\u255D\0boxUR;\u255A\0boxUl;\u255C\0boxUr;\u2559\0boxVH;\u256C\0"
        "boxVL;\u2563\0boxVR;\u2560\0boxVh;\u256B\0boxVl;\u2562\0boxVr;\u255F\0"
        "boxdL;\u2555\0boxdR;\u2552\0boxdl;\u2510\0boxdr;\u250C\0boxhD;\u2565\0"
        "boxhU;\u2568\0boxhd;\u252C\0boxhu;\u2534\0boxuL;\u255B\0boxuR;\u2558\0"
        "boxul;\u2518\0boxur;\u2514\0boxvH;\u256A\0boxvL;\u2561\0boxvR;\u255E\0"
        "boxvh;\u253C\0boxvl;\u2524\0boxvr;\u251C\0breve;\u02D8\0bsemi;\u204F\0"
        "bsime;\u22CD\0bsolb;\u29C5\0bumpE;\u2AAE\0bumpe;\u224F\0bNot;\u2AED\0"
        "bbrk;\u23B5\0beta;\u03B2\0beth;\u2136\0bnot;\u2310\0bopf;\U0001D553\0"
        "boxH;\u2550\0boxV;\u2551\0boxh;\u2500\0boxv;\u2502\0bscr;\U0001D4B7\0"
        "bsim;\u223D\0bsol;\\\0bull;\u2022\0bump;\u224E\0bcy;\u0431\0bfr;\U0001D51F\0"
        "bne;=\u20E5\0bot;\u22A5\0",
    ['c' - 'A'] =
        "circlearrowright;\u21BB\0circlearrowleft;\u21BA\0curvearrowright;\u21B7\0"
        "curvearrowleft;\u21B6\0circledcirc;\u229A\0circleddash;\u229D\0"
        "curlyeqprec;\u22DE\0curlyeqsucc;\u22DF\0circledast;\u229B\0complement;\u2201\0"
        "curlywedge;\u22CF\0centerdot;\u00B7\0checkmark;\u2713\0complexes;\u2102\0"
        "capbrcup;\u2A49\0circledR;\u00AE\0circledS;\u24C8\0cirfnint;\u2A10\0"
        "clubsuit;\u2663\0cupbrcap;\u2A48\0curlyvee;\u22CE\0cwconint;\u2232\0"
        "ccupssm;\u2A50\0cemptyv;\u29B2\0cirscir;\u29C2\0coloneq;\u2254\0"
        "congdot;\u2A6D\0cudarrl;\u2938\0cudarrr;\u2935\0cularrp;\u293D\0"
        "curarrm;\u293C\0cacute;\u0107\0capand;\u2A44\0capcap;\u2A4B\0capcup;\u2A47\0"
        "capdot;\u2A40\0ccaron;\u010D\0ccedil:\u00E7\0circeq;\u2257\0cirmid;\u2AEF\0"
        "colone;\u2254\0commat;@\0compfn;\u2218\0conint;\u222E\0coprod;\u2210\0"
        "copysr;\u2117\0cularr;\u21B6\0cupcap;\u2A46\0cupcup;\u2A4A\0cupdot;\u228D\0"
        "curarr;\u21B7\0curren:\u00A4\0cylcty;\u232D\0caret;\u2041\0caron;\u02C7\0"
        "ccaps;\u2A4D\0ccirc;\u0109\0ccups;\u2A4C\0cedil:\u00B8\0check;\u2713\0"
        "clubs;\u2663\0colon;:\0comma;,\0crarr;\u21B5\0cross;\u2717\0csube;\u2AD1\0"
        "csupe;\u2AD2\0ctdot;\u22EF\0cuepr;\u22DE\0cuesc;\u22DF\0cupor;\u2A45\0"
        "cuvee;\u22CE\0cuwed;\u22CF\0cwint;\u2231\0caps;\u2229\uFE00\0cdot;\u010B\0"
        "cent:\u00A2\0chcy;\u0447\0cirE;\u29C3\0circ;\u02C6\0cire;\u2257\0comp;\u2201\0"
        "cong;\u2245\0copf;\U0001D554\0copy:\u00A9\0cscr;\U0001D4B8\0csub;\u2ACF\0"
        "csup;\u2AD0\0cups;\u222A\uFE00\0cap;\u2229\0cfr;\U0001D520\0chi;\u03C7\0"
        "cir;\u25CB\0cup;\u222A\0",
    ['d' - 'A'] =
        "downharpoonright;\u21C2\0downharpoonleft;\u21C3\0doublebarwedge;\u2306\0"
        "downdownarrows;\u21CA\0divideontimes;\u22C7\0diamondsuit;\u2666\0"
        "dotsquare;\u22A1\0downarrow;\u2193\0doteqdot;\u2251\0dotminus;\u2238\0"
        "drbkarow;\u2910\0dzigrarr;\u27FF\0dbkarow;\u290F\0ddagger;\u2021\0"
        "ddotseq;\u2A77\0demptyv;\u29B1\0diamond;\u22C4\0digamma;\u03DD\0"
        "dotplus;\u2214\0dwangle;\u29A6\0dagger;\u2020\0daleth;\u2138\0dcaron;\u010F\0"
        "dfisht;\u297F\0divide:\u00F7\0divonx;\u22C7\0dlcorn;\u231E\0dlcrop;\u230D\0"
        "dollar;$\0drcorn;\u231F\0drcrop;\u230C\0dstrok;\u0111\0dashv;\u22A3\0"
        "dblac;\u02DD\0ddarr;\u21CA\0delta;\u03B4\0dharl;\u21C3\0dharr;\u21C2\0"
        "diams;\u2666\0disin;\u22F2\0doteq;\u2250\0dtdot;\u22F1\0dtrif;\u25BE\0"
        "duarr;\u21F5\0duhar;\u296F\0dArr;\u21D3\0dHar;\u2965\0darr;\u2193\0"
        "dash;\u2010\0diam;\u22C4\0djcy;\u0452\0dopf;\U0001D555\0dscr;\U0001D4B9\0"
        "dscy;\u0455\0dsol;\u29F6\0dtri;\u25BF\0dzcy;\u045F\0dcy;\u0434\0deg:\u00B0\0"
        "dfr;\U0001D521\0die;\u00A8\0div;\u00F7\0dot;\u02D9\0dd;\u2146\0",
    ['e' - 'A'] =
        "exponentiale;\u2147\0eqslantless;\u2A95\0expectation;\u2130\0"
        "eqslantgtr;\u2A96\0elinters;\u23E7\0emptyset;\u2205\0eqvparsl;\u29E5\0"
        "epsilon;\u03B5\0eqcolon;\u2255\0equivDD;\u2A78\0eacute:\u00E9\0easter;\u2A6E\0"
        "ecaron;\u011B\0ecolon;\u2255\0egrave:\u00E8\0egsdot;\u2A98\0elsdot;\u2A97\0"
        "emptyv;\u2205\0emsp13;\u2004\0emsp14;\u2005\0eparsl;\u29E3\0eqcirc;\u2256\0"
        "equals;=\0equest;\u225F\0eDDot;\u2A77\0ecirc:\u00EA\0efDot;\u2252\0"
        "emacr;\u0113\0empty;\u2205\0eogon;\u0119\0eplus;\u2A71\0epsiv;\u03F5\0"
        "eqsim;\u2242\0equiv;\u2261\0erDot;\u2253\0erarr;\u2971\0esdot;\u2250\0"
        "exist;\u2203\0eDot;\u2251\0ecir;\u2256\0edot;\u0117\0emsp;\u2003\0"
        "ensp;\u2002\0eopf;\U0001D556\0epar;\u22D5\0epsi;\u03B5\0escr;\u212F\0"
        "esim;\u2242\0euml:\u00EB\0euro;\u20AC\0excl;!\0ecy;\u044D\0efr;\U0001D522\0"
        "egs;\u2A96\0ell;\u2113\0els;\u2A95\0eng;\u014B\0eta;\u03B7\0eth:\u00F0\0"
        "ee;\u2147\0eg;\u2A9A\0el;\u2A99\0",
    ['f' - 'A'] =
        "fallingdotseq;\u2252\0fpartint;\u2A0D\0female;\u2640\0ffilig;\uFB03\0"
        "ffllig;\uFB04\0forall;\u2200\0frac12:\u00BD\0frac13;\u2153\0frac14:\u00BC\0"
        "frac15;\u2155\0frac16;\u2159\0frac18;\u215B\0frac23;\u2154\0frac25;\u2156\0"
        "frac34:\u00BE\0frac35;\u2157\0frac38;\u215C\0frac45;\u2158\0frac56;\u215A\0"
        "frac58;\u215D\0frac78;\u215E\0fflig;\uFB00\0filig;\uFB01\0fjlig;fj\0"
        "fllig;\uFB02\0fltns;\u25B1\0forkv;\u2AD9\0frasl;\u2044\0frown;\u2322\0"
        "flat;\u266D\0fnof;\u0192\0fopf;\U0001D557\0fork;\u22D4\0fscr;\U0001D4BB\0"
        "fcy;\u0444\0ffr;\U0001D523\0",
    ['g' - 'A'] =
        "gtreqqless;\u2A8C\0gtrapprox;\u2A86\0gtreqless;\u22DB\0"
        "gvertneqq;\u2269\uFE00\0geqslant;\u2A7E\0gesdotol;\u2A84\0gnapprox;\u2A8A\0"
        "gesdoto;\u2A82\0gtquest;\u2A7C\0gtrless;\u2277\0gacute;\u01F5\0gammad;\u03DD\0"
        "gbreve;\u011F\0gesdot;\u2A80\0gesles;\u2A94\0gtlPar;\u2995\0gtrarr;\u2978\0"
        "gtrdot;\u22D7\0gtrsim;\u2273\0gamma;\u03B3\0gcirc;\u011D\0gescc;\u2AA9\0"
        "gimel;\u2137\0gneqq;\u2269\0gnsim;\u22E7\0grave;`\0gsime;\u2A8E\0"
        "gsiml;\u2A90\0gtcir;\u2A7A\0gtdot;\u22D7\0gdot;\u0121\0geqq;\u2267\0"
        "gesl;\u22DB\uFE00\0gjcy;\u0453\0gnap;\u2A8A\0gneq;\u2A88\0gopf;\U0001D558\0"
        "gscr;\u210A\0gsim;\u2273\0gtcc;\u2AA7\0gvnE;\u2269\uFE00\0gEl;\u2A8C\0"
        "gap;\u2A86\0gcy;\u0433\0gel;\u22DB\0geq;\u2265\0ges;\u2A7E\0gfr;\U0001D524\0"
        "ggg;\u22D9\0glE;\u2A92\0gla;\u2AA5\0glj;\u2AA4\0gnE;\u2269\0gne;\u2A88\0"
        "gE;\u2267\0ge;\u2265\0gg;\u226B\0gl;\u2277\0gt:>\0",
    ['h' - 'A'] =
        "hookrightarrow;\u21AA\0hookleftarrow;\u21A9\0heartsuit;\u2665\0"
        "hksearow;\u2925\0hkswarow;\u2926\0harrcir;\u2948\0hairsp;\u200A\0"
        "hamilt;\u210B\0hardcy;\u044A\0hearts;\u2665\0hellip;\u2026\0hercon;\u22B9\0"
        "homtht;\u223B\0horbar;\u2015\0hslash;\u210F\0hstrok;\u0127\0hybull;\u2043\0"
        "hyphen;\u2010\0harrw;\u21AD\0hcirc;\u0125\0hoarr;\u21FF\0hArr;\u21D4\0"
        "half;\u00BD\0harr;\u2194\0hbar;\u210F\0hopf;\U0001D559\0hscr;\U0001D4BD\0"
        "hfr;\U0001D525\0",
    ['i' - 'A'] =
        "imagline;\u2110\0imagpart;\u2111\0infintie;\u29DD\0integers;\u2124\0"
        "intercal;\u22BA\0intlarhk;\u2A17\0intprod;\u2A3C\0isindot;\u22F5\0"
        "iacute:\u00ED\0igrave:\u00EC\0iiiint;\u2A0C\0iinfin;\u29DC\0incare;\u2105\0"
        "inodot;\u0131\0intcal;\u22BA\0iquest:\u00BF\0isinsv;\u22F3\0itilde;\u0129\0"
        "icirc:\u00EE\0iexcl:\u00A1\0iiint;\u222D\0iiota;\u2129\0ijlig;\u0133\0"
        "imacr;\u012B\0image;\u2111\0imath;\u0131\0imped;\u01B5\0infin;\u221E\0"
        "iogon;\u012F\0iprod;\u2A3C\0isinE;\u22F9\0isins;\u22F4\0isinv;\u2208\0"
        "iukcy;\u0456\0iecy;\u0435\0imof;\u22B7\0iocy;\u0451\0iopf;\U0001D55A\0"
        "iota;\u03B9\0iscr;\U0001D4BE\0isin;\u2208\0iuml:\u00EF\0icy;\u0438\0"
        "iff;\u21D4\0ifr;\U0001D526\0int;\u222B\0ic;\u2063\0ii;\u2148\0in;\u2208\0"
        "it;\u2062\0",
    ['j' - 'A'] =
        "jsercy;\u0458\0jcirc;\u0135\0jmath;\u0237\0jukcy;\u0454\0jopf;\U0001D55B\0"
        "jscr;\U0001D4BF\0jcy;\u0439\0jfr;\U0001D527\0",
    ['k' - 'A'] =
        "kappav;\u03F0\0kcedil;\u0137\0kgreen;\u0138\0kappa;\u03BA\0khcy;\u0445\0"
        "kjcy;\u045C\0kopf;\U0001D55C\0kscr;\U0001D4C0\0kcy;\u043A\0kfr;\U0001D528\0",
    ['l' - 'A'] =
        "leftrightsquigarrow;\u21AD\0longleftrightarrow;\u27F7\0"
        "leftrightharpoons;\u21CB\0leftharpoondown;\u21BD\0leftrightarrows;\u21C6\0"
        "leftleftarrows;\u21C7\0leftrightarrow;\u2194\0leftthreetimes;\u22CB\0"
        "longrightarrow;\u27F6\0looparrowright;\u21AC\0leftarrowtail;\u21A2\0"
        "leftharpoonup;\u21BC\0longleftarrow;\u27F5\0looparrowleft;\u21AB\0"
        "lessapprox;\u2A85\0lesseqqgtr;\u2A8B\0lmoustache;\u23B0\0longmapsto;\u27FC\0"
        "leftarrow;\u2190\0lesseqgtr;\u22DA\0lvertneqq;\u2268\uFE00\0laemptyv;\u29B4\0"
        "ldrushar;\u294B\0leqslant;\u2A7D\0lesdotor;\u2A83\0llcorner;\u231E\0"
        "lnapprox;\u2A89\0lrcorner;\u231F\0lurdshar;\u294A\0larrbfs;\u291F\0"
        "larrsim;\u2973\0lbrksld;\u298F\0lbrkslu;\u298D\0ldrdhar;\u2967\0"
        "lesdoto;\u2A81\0lessdot;\u22D6\0lessgtr;\u2276\0lesssim;\u2272\0"
        "lotimes;\u2A34\0lozenge;\u25CA\0ltquest;\u2A7B\0luruhar;\u2966\0"
        "lAtail;\u291B\0lacute;\u013A\0lagran;\u2112\0lambda;\u03BB\0langle;\u27E8\0"
        "larrfs;\u291D\0larrhk;\u21A9\0larrlp;\u21AB\0larrpl;\u2939\0larrtl;\u21A2\0"
        "latail;\u2919\0lbrace;{\0lbrack;[\0lcaron;\u013E\0lcedil;\u013C\0"
        "ldquor;\u201E\0lesdot;\u2A7F\0lesges;\u2A93\0lfisht;\u297C\0lfloor;\u230A\0"
        "lharul;\u296A\0llhard;\u296B\0lmidot;\u0140\0lmoust;\u23B0\0loplus;\u2A2D\0"
        "lowast;\u2217\0lowbar;_\0lparlt;\u2993\0lrhard;\u296D\0lsaquo;\u2039\0"
        "lsquor;\u201A\0lstrok;\u0142\0lthree;\u22CB\0ltimes;\u22C9\0ltlarr;\u2976\0"
        "ltrPar;\u2996\0lAarr;\u21DA\0lBarr;\u290E\0langd;\u2991\0laquo:\u00AB\0"
        "larrb;\u21E4\0lates;\u2AAD\uFE00\0lbarr;\u290C\0lbbrk;\u2772\0lbrke;\u298B\0"
        "lceil;\u2308\0ldquo;\u201C\0lescc;\u2AA8\0lhard;\u21BD\0lharu;\u21BC\0"
        "lhblk;\u2584\0llarr;\u21C7\0lltri;\u25FA\0lneqq;\u2268\0lnsim;\u22E6\0"
        "loang;\u27EC\0loarr;\u21FD\0lobrk;\u27E6\0lopar;\u2985\0lrarr;\u21C6\0"
        "lrhar;\u21CB\0lrtri;\u22BF\0lsime;\u2A8D\0lsimg;\u2A8F\0lsquo;\u2018\0"
        "ltcir;\u2A79\0ltdot;\u22D6\0ltrie;\u22B4\0ltrif;\u25C2\0lArr;\u21D0\0"
        "lHar;\u2962\0lang;\u27E8\0larr;\u2190\0late;\u2AAD\0lcub;{\0ldca;\u2936\0"
        "ldsh;\u21B2\0leqq;\u2266\0lesg;\u22DA\uFE00\0ljcy;\u0459\0lnap;\u2A89\0"
        "lneq;\u2A87\0lopf;\U0001D55D\0lozf;\u29EB\0lpar;(\0lscr;\U0001D4C1\0"
        "lsim;\u2272\0lsqb;[\0ltcc;\u2AA6\0ltri;\u25C3\0lvnE;\u2268\uFE00\0lEg;\u2A8B\0"
        "lap;\u2A85\0lat;\u2AAB\0lcy;\u043B\0leg;\u22DA\0leq;\u2264\0les;\u2A7D\0"
        "lfr;\U0001D529\0lgE;\u2A91\0lnE;\u2268\0lne;\u2A87\0loz;\u25CA\0lrm;\u200E\0"
        "lsh;\u21B0\0lE;\u2266\0le;\u2264\0lg;\u2276\0ll;\u226A\0lt:<\0",
    ['m' - 'A'] =
        "measuredangle;\u2221\0mapstodown;\u21A7\0mapstoleft;\u21A4\0mapstoup;\u21A5\0"
        "multimap;\u22B8\0maltese;\u2720\0minusdu;\u2A2A\0mapsto;\u21A6\0"
        "marker;\u25AE\0mcomma;\u2A29\0midast;*\0midcir;\u2AF0\0middot:\u00B7\0"
        "minusb;\u229F\0minusd;\u2238\0mnplus;\u2213\0models;\u22A7\0mstpos;\u223E\0"
        "mDDot;\u223A\0mdash;\u2014\0micro:\u00B5\0minus;\u2212\0mumap;\u22B8\0"
        "macr:\u00AF\0male;\u2642\0malt;\u2720\0mlcp;\u2ADB\0mldr;\u2026\0"
        "mopf;\U0001D55E\0mscr;\U0001D4C2\0map;\u21A6\0mcy;\u043C\0mfr;\U0001D52A\0"
        "mho;\u2127\0mid;\u2223\0mp;\u2213\0mu;\u03BC\0",
    ['n' - 'A'] =
        "ntrianglerighteq;\u22ED\0nLeftrightarrow;\u21CE\0nleftrightarrow;\u21AE\0"
        "ntrianglelefteq;\u22EC\0nshortparallel;\u2226\0ntriangleright;\u22EB\0"
        "ntriangleleft;\u22EA\0nRightarrow;\u21CF\0nrightarrow;\u219B\0"
        "nLeftarrow;\u21CD\0nleftarrow;\u219A\0nsubseteqq;\u2AC5\u0338\0"
        "nsupseteqq;\u2AC6\u0338\0ngeqslant;\u2A7E\u0338\0nleqslant;\u2A7D\u0338\0"
        "nparallel;\u2226\0nshortmid;\u2224\0nsubseteq;\u2288\0nsupseteq;\u2289\0"
        "naturals;\u2115\0ncongdot;\u2A6D\u0338\0notindot;\u22F5\u0338\0"
        "napprox;\u2249\0natural;\u266E\0nearrow;\u2197\0nexists;\u2204\0"
        "notinva;\u2209\0notinvb;\u22F7\0notinvc;\u22F6\0notniva;\u220C\0"
        "notnivb;\u22FE\0notnivc;\u22FD\0npolint;\u2A14\0npreceq;\u2AAF\u0338\0"
        "nsqsube;\u22E2\0nsqsupe;\u22E3\0nsubset;\u2282\u20D2\0nsucceq;\u2AB0\u0338\0"
        "nsupset;\u2283\u20D2\0nvinfin;\u29DE\0nvltrie;\u22B4\u20D2\0"
        "nvrtrie;\u22B5\u20D2\0nwarrow;\u2196\0nVDash;\u22AF\0nVdash;\u22AE\0"
        "nacute;\u0144\0nbumpe;\u224F\u0338\0ncaron;\u0148\0ncedil;\u0146\0"
        "nearhk;\u2924\0nequiv;\u2262\0nesear;\u2928\0nexist;\u2204\0nltrie;\u22EC\0"
        "notinE;\u22F9\u0338\0nparsl;\u2AFD\u20E5\0nprcue;\u22E0\0nrarrc;\u2933\u0338\0"
        "nrarrw;\u219D\u0338\0nrtrie;\u22ED\0nsccue;\u22E1\0nsimeq;\u2244\0"
        "ntilde:\u00F1\0numero;\u2116\0nvDash;\u22AD\0nvHarr;\u2904\0nvdash;\u22AC\0"
        "nvlArr;\u2902\0nvrArr;\u2903\0nwarhk;\u2923\0nwnear;\u2927\0nabla;\u2207\0"
        "napid;\u224B\u0338\0napos;\u0149\0natur;\u266E\0nbump;\u224E\u0338\0"
        "ncong;\u2247\0ndash;\u2013\0neArr;\u21D7\0nearr;\u2197\0nedot;\u2250\u0338\0"
        "nesim;\u2242\u0338\0ngeqq;\u2267\u0338\0ngsim;\u2275\0nhArr;\u21CE\0"
        "nharr;\u21AE\0nhpar;\u2AF2\0nlArr;\u21CD\0nlarr;\u219A\0nleqq;\u2266\u0338\0"
        "nless;\u226E\0nlsim;\u2274\0nltri;\u22EA\0notin;\u2209\0notni;\u220C\0"
        "npart;\u2202\u0338\0nprec;\u2280\0nrArr;\u21CF\0nrarr;\u219B\0nrtri;\u22EB\0"
        "nsime;\u2244\0nsmid;\u2224\0nspar;\u2226\0nsubE;\u2AC5\u0338\0nsube;\u2288\0"
        "nsucc;\u2281\0nsupE;\u2AC6\u0338\0nsupe;\u2289\0numsp;\u2007\0"
        "nvsim;\u223C\u20D2\0nwArr;\u21D6\0nwarr;\u2196\0nGtv;\u226B\u0338\0"
        "nLtv;\u226A\u0338\0nang;\u2220\u20D2\0napE;\u2A70\u0338\0nbsp:\u00A0\0"
        "ncap;\u2A43\0ncup;\u2A42\0ngeq;\u2271\0nges;\u2A7E\u0338\0ngtr;\u226F\0"
        "nisd;\u22FA\0njcy;\u045A\0nldr;\u2025\0nleq;\u2270\0nles;\u2A7D\u0338\0"
        "nmid;\u2224\0nopf;\U0001D55F\0npar;\u2226\0npre;\u2AAF\u0338\0"
        "nsce;\u2AB0\u0338\0nscr;\U0001D4C3\0nsim;\u2241\0nsub;\u2284\0nsup;\u2285\0"
        "ntgl;\u2279\0ntlg;\u2278\0nvap;\u224D\u20D2\0nvge;\u2265\u20D2\0nvgt;>\u20D2\0"
        "nvle;\u2264\u20D2\0nvlt;<\u20D2\0nGg;\u22D9\u0338\0nGt;\u226B\u20D2\0"
        "nLl;\u22D8\u0338\0nLt;\u226A\u20D2\0nap;\u2249\0ncy;\u043D\0nfr;\U0001D52B\0"
        "ngE;\u2267\u0338\0nge;\u2271\0ngt;\u226F\0nis;\u22FC\0niv;\u220B\0"
        "nlE;\u2266\u0338\0nle;\u2270\0nlt;\u226E\0not:\u00AC\0npr;\u2280\0nsc;\u2281\0"
        "num;#\0ne;\u2260\0ni;\u220B\0nu;\u03BD\0",
    ['o' - 'A'] =
        "otimesas;\u2A36\0olcross;\u29BB\0omicron;\u03BF\0orderof;\u2134\0"
        "orslope;\u2A57\0oacute:\u00F3\0odblac;\u0151\0odsold;\u29BC\0ograve:\u00F2\0"
        "ominus;\u2296\0origof;\u22B6\0oslash:\u00F8\0otilde:\u00F5\0otimes;\u2297\0"
        "ocirc:\u00F4\0odash;\u229D\0oelig;\u0153\0ofcir;\u29BF\0ohbar;\u29B5\0"
        "olarr;\u21BA\0olcir;\u29BE\0oline;\u203E\0omacr;\u014D\0omega;\u03C9\0"
        "operp;\u29B9\0oplus;\u2295\0orarr;\u21BB\0order;\u2134\0ovbar;\u233D\0"
        "oast;\u229B\0ocir;\u229A\0odiv;\u2A38\0odot;\u2299\0ogon;\u02DB\0oint;\u222E\0"
        "omid;\u29B6\0oopf;\U0001D560\0opar;\u29B7\0ordf:\u00AA\0ordm:\u00BA\0"
        "oror;\u2A56\0oscr;\u2134\0osol;\u2298\0ouml:\u00F6\0ocy;\u043E\0"
        "ofr;\U0001D52C\0ogt;\u29C1\0ohm;\u03A9\0olt;\u29C0\0ord;\u2A5D\0orv;\u2A5B\0"
        "oS;\u24C8\0or;\u2228\0",
    ['p' - 'A'] =
        "preccurlyeq;\u227C\0precnapprox;\u2AB9\0precapprox;\u2AB7\0pitchfork;\u22D4\0"
        "parallel;\u2225\0plusacir;\u2A23\0pointint;\u2A15\0precneqq;\u2AB5\0"
        "precnsim;\u22E8\0profalar;\u232E\0profline;\u2312\0profsurf;\u2313\0"
        "pertenk;\u2031\0planckh;\u210E\0pluscir;\u2A22\0plussim;\u2A26\0"
        "plustwo;\u2A27\0precsim;\u227E\0parsim;\u2AF3\0percnt;%\0period;.\0"
        "permil;\u2030\0phmmat;\u2133\0planck;\u210F\0plankv;\u210F\0plusdo;\u2214\0"
        "plusdu;\u2A25\0plusmn:\u00B1\0preceq;\u2AAF\0primes;\u2119\0prnsim;\u22E8\0"
        "propto;\u221D\0prurel;\u22B0\0puncsp;\u2008\0parsl;\u2AFD\0phone;\u260E\0"
        "plusb;\u229E\0pluse;\u2A72\0pound:\u00A3\0prcue;\u227C\0prime;\u2032\0"
        "prnap;\u2AB9\0prsim;\u227E\0para:\u00B6\0part;\u2202\0perp;\u22A5\0"
        "phiv;\u03D5\0plus;+\0popf;\U0001D561\0prap;\u2AB7\0prec;\u227A\0prnE;\u2AB5\0"
        "prod;\u220F\0prop;\u221D\0pscr;\U0001D4C5\0par;\u2225\0pcy;\u043F\0"
        "pfr;\U0001D52D\0phi;\u03C6\0piv;\u03D6\0prE;\u2AB3\0pre;\u2AAF\0psi;\u03C8\0"
        "pi;\u03C0\0pm;\u00B1\0pr;\u227A\0",
    ['q' - 'A'] =
        "quaternions;\u210D\0quatint;\u2A16\0questeq;\u225F\0qprime;\u2057\0quest;?\0"
        "qint;\u2A0C\0qopf;\U0001D562\0qscr;\U0001D4C6\0quot:\"\0qfr;\U0001D52E\0",
    ['r' - 'A'] =
        "rightleftharpoons;\u21CC\0rightharpoondown;\u21C1\0rightrightarrows;\u21C9\0"
        "rightleftarrows;\u21C4\0rightsquigarrow;\u219D\0rightthreetimes;\u22CC\0"
        "rightarrowtail;\u21A3\0rightharpoonup;\u21C0\0risingdotseq;\u2253\0"
        "rightarrow;\u2192\0rmoustache;\u23B1\0rationals;\u211A\0raemptyv;\u29B3\0"
        "realpart;\u211C\0rppolint;\u2A12\0rtriltri;\u29CE\0rarrbfs;\u2920\0"
        "rarrsim;\u2974\0rbrksld;\u298E\0rbrkslu;\u2990\0rdldhar;\u2969\0"
        "realine;\u211B\0rotimes;\u2A35\0ruluhar;\u2968\0rAtail;\u291C\0racute;\u0155\0"
        "rangle;\u27E9\0rarrap;\u2975\0rarrfs;\u291E\0rarrhk;\u21AA\0rarrlp;\u21AC\0"
        "rarrpl;\u2945\0rarrtl;\u21A3\0ratail;\u291A\0rbrace;}\0rbrack;]\0"
        "rcaron;\u0159\0rcedil;\u0157\0rdquor;\u201D\0rfisht;\u297D\0rfloor;\u230B\0"
        "rharul;\u296C\0rmoust;\u23B1\0roplus;\u2A2E\0rpargt;\u2994\0rsaquo;\u203A\0"
        "rsquor;\u2019\0rthree;\u22CC\0rtimes;\u22CA\0rAarr;\u21DB\0rBarr;\u290F\0"
        "radic;\u221A\0rangd;\u2992\0range;\u29A5\0raquo:\u00BB\0rarrb;\u21E5\0"
        "rarrc;\u2933\0rarrw;\u219D\0ratio;\u2236\0rbarr;\u290D\0rbbrk;\u2773\0"
        "rbrke;\u298C\0rceil;\u2309\0rdquo;\u201D\0reals;\u211D\0rhard;\u21C1\0"
        "rharu;\u21C0\0rlarr;\u21C4\0rlhar;\u21CC\0rnmid;\u2AEE\0roang;\u27ED\0"
        "roarr;\u21FE\0robrk;\u27E7\0ropar;\u2986\0rrarr;\u21C9\0rsquo;\u2019\0"
        "rtrie;\u22B5\0rtrif;\u25B8\0rArr;\u21D2\0rHar;\u2964\0race;\u223D\u0331\0"
        "rang;\u27E9\0rarr;\u2192\0rcub;}\0rdca;\u2937\0rdsh;\u21B3\0real;\u211C\0"
        "rect;\u25AD\0rhov;\u03F1\0ring;\u02DA\0ropf;\U0001D563\0rpar;)\0"
        "rscr;\U0001D4C7\0rsqb;]\0rtri;\u25B9\0rcy;\u0440\0reg:\u00AE\0rfr;\U0001D52F\0"
        "rho;\u03C1\0rlm;\u200F\0rsh;\u21B1\0rx;\u211E\0",
    ['s' - 'A'] =
        "straightepsilon;\u03F5\0shortparallel;\u2225\0smallsetminus;\u2216\0"
        "straightphi;\u03D5\0succcurlyeq;\u227D\0succnapprox;\u2ABA\0"
        "sqsubseteq;\u2291\0sqsupseteq;\u2292\0subsetneqq;\u2ACB\0succapprox;\u2AB8\0"
        "supsetneqq;\u2ACC\0spadesuit;\u2660\0subseteqq;\u2AC5\0subsetneq;\u228A\0"
        "supseteqq;\u2AC6\0supsetneq;\u228B\0scpolint;\u2A13\0setminus;\u2216\0"
        "shortmid;\u2223\0smeparsl;\u29E4\0sqsubset;\u228F\0sqsupset;\u2290\0"
        "subseteq;\u2286\0succneqq;\u2AB6\0succnsim;\u22E9\0supseteq;\u2287\0"
        "searrow;\u2198\0simplus;\u2A24\0simrarr;\u2972\0subedot;\u2AC3\0"
        "submult;\u2AC1\0subplus;\u2ABF\0subrarr;\u2979\0succsim;\u227F\0"
        "supdsub;\u2AD8\0supedot;\u2AC4\0suphsol;\u27C9\0suphsub;\u2AD7\0"
        "suplarr;\u297B\0supmult;\u2AC2\0supplus;\u2AC0\0swarrow;\u2199\0"
        "sacute;\u015B\0scaron;\u0161\0scedil;\u015F\0scnsim;\u22E9\0searhk;\u2925\0"
        "seswar;\u2929\0sfrown;\u2322\0shchcy;\u0449\0sigmaf;\u03C2\0sigmav;\u03C2\0"
        "simdot;\u2A6A\0smashp;\u2A33\0softcy;\u044C\0solbar;\u233F\0spades;\u2660\0"
        "sqcaps;\u2293\uFE00\0sqcups;\u2294\uFE00\0sqsube;\u2291\0sqsupe;\u2292\0"
        "square;\u25A1\0squarf;\u25AA\0ssetmn;\u2216\0ssmile;\u2323\0sstarf;\u22C6\0"
        "subdot;\u2ABD\0subset;\u2282\0subsim;\u2AC7\0subsub;\u2AD5\0subsup;\u2AD3\0"
        "succeq;\u2AB0\0supdot;\u2ABE\0supset;\u2283\0supsim;\u2AC8\0supsub;\u2AD4\0"
        "supsup;\u2AD6\0swarhk;\u2926\0swnwar;\u292A\0sbquo;\u201A\0sccue;\u227D\0"
        "scirc;\u015D\0scnap;\u2ABA\0scsim;\u227F\0sdotb;\u22A1\0sdote;\u2A66\0"
        "seArr;\u21D8\0searr;\u2198\0setmn;\u2216\0sharp;\u266F\0sigma;\u03C3\0"
        "simeq;\u2243\0simgE;\u2AA0\0simlE;\u2A9F\0simne;\u2246\0slarr;\u2190\0"
        "smile;\u2323\0smtes;\u2AAC\uFE00\0sqcap;\u2293\0sqcup;\u2294\0sqsub;\u228F\0"
        "sqsup;\u2290\0srarr;\u2192\0starf;\u2605\0strns;\u00AF\0subnE;\u2ACB\0"
        "subne;\u228A\0supnE;\u2ACC\0supne;\u228B\0swArr;\u21D9\0swarr;\u2199\0"
        "szlig:\u00DF\0scap;\u2AB8\0scnE;\u2AB6\0sdot;\u22C5\0sect:\u00A7\0semi;;\0"
        "sext;\u2736\0shcy;\u0448\0sime;\u2243\0simg;\u2A9E\0siml;\u2A9D\0smid;\u2223\0"
        "smte;\u2AAC\0solb;\u29C4\0sopf;\U0001D564\0spar;\u2225\0squf;\u25AA\0"
        "sscr;\U0001D4C8\0star;\u2606\0subE;\u2AC5\0sube;\u2286\0succ;\u227B\0"
        "sung;\u266A\0sup1:\u00B9\0sup2:\u00B2\0sup3:\u00B3\0supE;\u2AC6\0supe;\u2287\0"
        "scE;\u2AB4\0sce;\u2AB0\0scy;\u0441\0sfr;\U0001D530\0shy:\u00AD\0sim;\u223C\0"
        "smt;\u2AAA\0sol;/\0squ;\u25A1\0sub;\u2282\0sum;\u2211\0sup;\u2283\0sc;\u227B\0",
    ['t' - 'A'] =
        "twoheadrightarrow;\u21A0\0twoheadleftarrow;\u219E\0trianglerighteq;\u22B5\0"
        "trianglelefteq;\u22B4\0triangleright;\u25B9\0triangledown;\u25BF\0"
        "triangleleft;\u25C3\0thickapprox;\u2248\0therefore;\u2234\0triangleq;\u225C\0"
        "thetasym;\u03D1\0thicksim;\u223C\0timesbar;\u2A31\0triangle;\u25B5\0"
        "triminus;\u2A3A\0trpezium;\u23E2\0topfork;\u2ADA\0triplus;\u2A39\0"
        "tritime;\u2A3B\0target;\u2316\0tcaron;\u0165\0tcedil;\u0163\0telrec;\u2315\0"
        "there4;\u2234\0thetav;\u03D1\0thinsp;\u2009\0thksim;\u223C\0timesb;\u22A0\0"
        "timesd;\u2A30\0topbot;\u2336\0topcir;\u2AF1\0tprime;\u2034\0tridot;\u25EC\0"
        "tstrok;\u0167\0theta;\u03B8\0thkap;\u2248\0thorn:\u00FE\0tilde;\u02DC\0"
        "times:\u00D7\0trade;\u2122\0trisb;\u29CD\0tshcy;\u045B\0twixt;\u226C\0"
        "tbrk;\u23B4\0tdot;\u20DB\0tint;\u222D\0toea;\u2928\0topf;\U0001D565\0"
        "tosa;\u2929\0trie;\u225C\0tscr;\U0001D4C9\0tscy;\u0446\0tau;\u03C4\0"
        "tcy;\u0442\0tfr;\U0001D531\0top;\u22A4\0",
    ['u' - 'A'] =
        "upharpoonright;\u21BE\0upharpoonleft;\u21BF\0updownarrow;\u2195\0"
        "upuparrows;\u21C8\0ulcorner;\u231C\0urcorner;\u231D\0uparrow;\u2191\0"
        "upsilon;\u03C5\0uwangle;\u29A7\0uacute:\u00FA\0ubreve;\u016D\0udblac;\u0171\0"
        "ufisht;\u297E\0ugrave:\u00F9\0ulcorn;\u231C\0ulcrop;\u230F\0urcorn;\u231D\0"
        "urcrop;\u230E\0utilde;\u0169\0ubrcy;\u045E\0ucirc:\u00FB\0udarr;\u21C5\0"
        "udhar;\u296E\0uharl;\u21BF\0uharr;\u21BE\0uhblk;\u2580\0ultri;\u25F8\0"
        "umacr;\u016B\0uogon;\u0173\0uplus;\u228E\0upsih;\u03D2\0uring;\u016F\0"
        "urtri;\u25F9\0utdot;\u22F0\0utrif;\u25B4\0uuarr;\u21C8\0uArr;\u21D1\0"
        "uHar;\u2963\0uarr;\u2191\0uopf;\U0001D566\0upsi;\u03C5\0uscr;\U0001D4CA\0"
        "utri;\u25B5\0uuml:\u00FC\0ucy;\u0443\0ufr;\U0001D532\0uml:\u00A8\0",
    ['v' - 'A'] =
        "vartriangleright;\u22B3\0vartriangleleft;\u22B2\0varsubsetneqq;\u2ACB\uFE00\0"
        "varsupsetneqq;\u2ACC\uFE00\0varsubsetneq;\u228A\uFE00\0"
        "varsupsetneq;\u228B\uFE00\0varepsilon;\u03F5\0varnothing;\u2205\0"
        "varpropto;\u221D\0varkappa;\u03F0\0varsigma;\u03C2\0vartheta;\u03D1\0"
        "vzigzag;\u299A\0vangrt;\u299C\0varphi;\u03D5\0varrho;\u03F1\0veebar;\u22BB\0"
        "vellip;\u22EE\0verbar;|\0vsubnE;\u2ACB\uFE00\0vsubne;\u228A\uFE00\0"
        "vsupnE;\u2ACC\uFE00\0vsupne;\u228B\uFE00\0vBarv;\u2AE9\0vDash;\u22A8\0"
        "varpi;\u03D6\0vdash;\u22A2\0veeeq;\u225A\0vltri;\u22B2\0vnsub;\u2282\u20D2\0"
        "vnsup;\u2283\u20D2\0vprop;\u221D\0vrtri;\u22B3\0vArr;\u21D5\0vBar;\u2AE8\0"
        "varr;\u2195\0vert;|\0vopf;\U0001D567\0vscr;\U0001D4CB\0vcy;\u0432\0"
        "vee;\u2228\0vfr;\U0001D533\0",
    ['w' - 'A'] =
        "wedbar;\u2A5F\0wedgeq;\u2259\0weierp;\u2118\0wreath;\u2240\0wcirc;\u0175\0"
        "wedge;\u2227\0wopf;\U0001D568\0wscr;\U0001D4CC\0wfr;\U0001D534\0wp;\u2118\0"
        "wr;\u2240\0",
    ['x' - 'A'] =
        "xoplus;\u2A01\0xotime;\u2A02\0xsqcup;\u2A06\0xuplus;\u2A04\0xwedge;\u22C0\0"
        "xcirc;\u25EF\0xdtri;\u25BD\0xhArr;\u27FA\0xharr;\u27F7\0xlArr;\u27F8\0"
        "xlarr;\u27F5\0xodot;\u2A00\0xrArr;\u27F9\0xrarr;\u27F6\0xutri;\u25B3\0"
        "xcap;\u22C2\0xcup;\u22C3\0xmap;\u27FC\0xnis;\u22FB\0xopf;\U0001D569\0"
        "xscr;\U0001D4CD\0xvee;\u22C1\0xfr;\U0001D535\0xi;\u03BE\0",
    ['y' - 'A'] =
        "yacute:\u00FD\0ycirc;\u0177\0yacy;\u044F\0yicy;\u0457\0yopf;\U0001D56A\0"
        "yscr;\U0001D4CE\0yucy;\u044E\0yuml:\u00FF\0ycy;\u044B\0yen:\u00A5\0"
        "yfr;\U0001D536\0",
    ['z' - 'A'] =
        "zigrarr;\u21DD\0zacute;\u017A\0zcaron;\u017E\0zeetrf;\u2128\0zdot;\u017C\0"
        "zeta;\u03B6\0zhcy;\u0436\0zopf;\U0001D56B\0zscr;\U0001D4CF\0zwnj;\u200C\0"
        "zcy;\u0437\0zfr;\U0001D537\0zwj;\u200D\0",
};
/* clang-format on */

/* Returns how many bytes of S the name of ENTRY takes, or 0 when S has another name. */
static size_t match(const char *entry, const char *s, size_t len)
{
    size_t n = 0;
    while (n < len && entry[n] == s[n] && isalnum((unsigned char)s[n]))
        n++;
    if (entry[n] != ':' && entry[n] != ';')
        return 0;
    if (n < len && s[n] == ';')
        return n + 1;
    return entry[n] == ':' ? n : 0;
}

size_t html_name(const char *s, size_t len, const char **text)
{
    if (len == 0 || !isalpha((unsigned char)*s))
        return 0;
    for (const char *entry = names[*s - 'A']; *entry; entry += strlen(entry) + 1) {
        size_t used = match(entry, s, len);
        if (used) {
            *text = entry + strcspn(entry, ":;") + 1;
            return used;
        }
    }
    return 0;
}

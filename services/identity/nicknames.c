/* nicknames.c - short forms of given names: one sorted table, and the rows of an installation. */
#include "services/identity/nicknames.h"

#include <stdlib.h>
#include <string.h>

struct short_form {
    const char *name;   /* folded */
    const char *stands; /* for these, blanks between */
};

/* clang-format off */
static const struct short_form short_forms[] = { /* sorted by name: it is searched by halves */
    {"abbie", "abigail"}, {"abby", "abigail"},
    {"abe", "abraham"}, {"achim", "joachim"},
    {"ad", "adam"}, {"ada", "adelaide"},
    {"addie", "adelaide adeline"}, {"aggie", "agnes"},
    {"al", "alan albert alexander alfred"}, {"albie", "albert"},
    {"alec", "alexander"}, {"alejandro", "alexander"},
    {"aleksandr", "alexander"}, {"alessandro", "alexander"},
    {"alex", "alexander alexandra"}, {"alexa", "alexandra"},
    {"alf", "alfred"}, {"alfie", "alfred"},
    {"ali", "alison"}, {"allie", "alice alison"},
    {"ally", "alice alison"}, {"amy", "amelia"},
    {"andi", "andreas"}, {"andie", "andrea"},
    {"andy", "andrew"}, {"angie", "angela angelina"},
    {"ann", "anna anne"}, {"anna", "ann anne"},
    {"anne", "ann anna"}, {"annie", "ann anna anne"},
    {"ant", "anthony"}, {"anton", "anthony"},
    {"antonio", "anthony"}, {"antony", "anthony"},
    {"archie", "archibald"}, {"arnie", "arnold"},
    {"art", "arthur"}, {"artie", "arthur"},
    {"augie", "augustine augustus"}, {"babs", "barbara"},
    {"barb", "barbara"}, {"barbie", "barbara"},
    {"barney", "bernard"}, {"bart", "bartholomew"},
    {"bas", "sebastian"}, {"bea", "beatrice"},
    {"bec", "rebecca"}, {"becca", "rebecca"},
    {"beck", "rebecca"}, {"becky", "rebecca"},
    {"bella", "isabel isabella"}, {"belle", "isabel isabella isabelle"},
    {"ben", "benedict benjamin"}, {"benji", "benjamin"},
    {"benjie", "benjamin"}, {"benny", "benjamin"},
    {"beppe", "giuseppe"}, {"bernie", "bernadette bernard"},
    {"bert", "albert gilbert herbert hubert robert rupert"}, {"bertie", "albert bertha"},
    {"bess", "elizabeth"}, {"bessie", "elizabeth"},
    {"beth", "bethany elizabeth"}, {"beto", "roberto"},
    {"betsy", "elizabeth"}, {"betty", "elizabeth"},
    {"biddy", "bridget"}, {"bill", "william"},
    {"billy", "william"}, {"bob", "robert"},
    {"bobbie", "barbara robert roberta"}, {"bobby", "robert"},
    {"brad", "bradley brandon"}, {"bram", "abraham"},
    {"bren", "brenda"}, {"bri", "sabrina"},
    {"bridie", "bridget"}, {"bron", "bronwyn"},
    {"cait", "caitlin"}, {"cam", "cameron camille"},
    {"carl", "charles karl"}, {"carol", "caroline carolyn"},
    {"carrie", "carol caroline carolyn"}, {"cass", "cassandra"},
    {"cassie", "cassandra"}, {"cat", "catherine"},
    {"cath", "catherine"}, {"cathy", "catherine"},
    {"caz", "caroline"}, {"cece", "cecilia"},
    {"celia", "cecilia"}, {"char", "charlotte"},
    {"charlie", "charles charlotte"}, {"chas", "charles"},
    {"chaz", "charles"}, {"chelle", "michelle"},
    {"chet", "chester"}, {"chris", "christian christina christine christopher"},
    {"chrissie", "christine"}, {"chrissy", "christina christine"},
    {"christophe", "christopher"}, {"christy", "christina christine"},
    {"chuck", "charles"}, {"cilla", "priscilla"},
    {"cindy", "cynthia lucinda"}, {"cissy", "cecilia"},
    {"claire", "clara"}, {"claud", "claudia"},
    {"clem", "clarence clement"}, {"cliff", "clifford"},
    {"clint", "clinton"}, {"col", "colin"},
    {"con", "cornelius"}, {"connie", "constance"},
    {"dai", "david"}, {"daisy", "margaret"},
    {"dan", "daniel"}, {"dani", "daniela danielle"},
    {"danny", "daniel"}, {"dave", "david"},
    {"davie", "david"}, {"davy", "david"},
    {"deb", "deborah debra"}, {"debbie", "deborah debra"},
    {"debby", "deborah debra"}, {"deborah", "debra"},
    {"debra", "deborah"}, {"del", "derek"},
    {"den", "dennis"}, {"denny", "denise dennis"},
    {"des", "desmond"}, {"di", "diana diane"},
    {"dick", "richard"}, {"dickie", "richard"},
    {"dolly", "dorothy"}, {"dom", "dominic"},
    {"don", "donald donna"}, {"donnie", "donald"},
    {"donny", "donald"}, {"dora", "dorothy theodora"},
    {"dot", "dorothy"}, {"dottie", "dorothy"},
    {"doug", "douglas"}, {"dougie", "douglas"},
    {"drew", "andrew"}, {"dru", "andrew"},
    {"ed", "edmund edward edwin"}, {"eddie", "edmund edward edwin"},
    {"eddy", "edward"}, {"edi", "eduard"},
    {"edie", "edith"}, {"effie", "euphemia"},
    {"elisa", "elisabeth"}, {"elisabeth", "elizabeth"},
    {"elise", "elisabeth"}, {"eliza", "elizabeth"},
    {"ella", "eleanor gabriella isabella"}, {"elle", "eleanor"},
    {"ellie", "eleanor"}, {"elsbeth", "elisabeth"},
    {"elsie", "elizabeth"}, {"em", "emily emma"},
    {"emmy", "emily emma"}, {"eoin", "owen"},
    {"erik", "eric"}, {"erika", "erica"},
    {"ernie", "ernest"}, {"essie", "esther"},
    {"eth", "ethan"}, {"etta", "henrietta"},
    {"eve", "evelyn yvonne"}, {"evie", "evelyn"},
    {"fanny", "frances francoise"}, {"ferdi", "ferdinand"},
    {"fifi", "josephine"}, {"flick", "felicity"},
    {"fliss", "felicity"}, {"flo", "florence"},
    {"florrie", "florence"}, {"flossie", "florence"},
    {"fran", "frances francesca francis"}, {"frank", "francis franklin franz"},
    {"frankie", "frances francis frank"}, {"franny", "frances"},
    {"fred", "alfred frederick"}, {"freda", "winifred"},
    {"freddie", "alfred frederica frederick"}, {"freddy", "frederick"},
    {"frederic", "frederick"}, {"fritz", "frederick friedrich"},
    {"gabby", "gabriella gabrielle"}, {"gabe", "gabriel"},
    {"gaby", "gabriella gabrielle"}, {"gail", "abigail"},
    {"gav", "gavin"}, {"gaz", "gareth gary"},
    {"gene", "eugene"}, {"geoff", "geoffrey"},
    {"georgie", "george georgia georgina"}, {"gerry", "gerald gerard"},
    {"gertie", "gertrude"}, {"gianni", "giovanni"},
    {"gil", "gilbert"}, {"gina", "georgina regina"},
    {"ginger", "virginia"}, {"ginny", "virginia"},
    {"gord", "gordon"}, {"gray", "graham"},
    {"greg", "gregory"}, {"greta", "margaret margaretha"},
    {"gretchen", "margarete"}, {"grete", "margarete margaretha"},
    {"gretel", "gretchen margarete margaretha"}, {"gus", "augustine augustus"},
    {"guy", "guillaume"}, {"gwen", "gwendolyn"},
    {"hal", "harold henry"}, {"hank", "henry"},
    {"hans", "johannes"}, {"hansi", "hans"},
    {"harry", "harold harriet harrison henry"}, {"hattie", "harriet"},
    {"heidi", "adelaide"}, {"heinz", "heinrich"},
    {"herb", "herbert"}, {"herbie", "herbert"},
    {"hettie", "esther heather henrietta"}, {"horry", "horace"},
    {"howie", "howard"}, {"huey", "hugo"},
    {"hugh", "hubert"}, {"hughie", "hugh"},
    {"iain", "ian"}, {"ike", "isaac"},
    {"immy", "imogen"}, {"isa", "isabel"},
    {"izzy", "isabel isabella isabelle isidore"}, {"jac", "jacqueline"},
    {"jack", "john"}, {"jackie", "jack jacqueline"},
    {"jacqui", "jacqueline"}, {"jake", "jacob"},
    {"jamie", "james"}, {"jan", "janet janice johannes"},
    {"janie", "jane"}, {"jase", "jason"},
    {"jay", "jason"}, {"jeannie", "jean"},
    {"jeff", "geoffrey jeffrey"}, {"jem", "james jemima jeremy"},
    {"jen", "jennifer"}, {"jenn", "jennifer"},
    {"jennie", "jennifer"}, {"jenny", "jane jennifer"},
    {"jerry", "gerald jeremiah jeremy jerome"}, {"jess", "jessica jessie"},
    {"jessie", "jessica"}, {"jez", "jeremy"},
    {"jim", "james"}, {"jimmie", "james"},
    {"jimmy", "james"}, {"jo", "joachim joanna joanne joseph josephine"},
    {"joachim", "jochen"}, {"joanie", "joan"},
    {"joe", "joseph"}, {"joey", "joanna joseph"},
    {"johann", "johannes"}, {"johnnie", "john"},
    {"johnny", "john jonathan"}, {"jon", "john jonathan"},
    {"jonno", "jonathan"}, {"jonny", "jonathan"},
    {"jordy", "jordan"}, {"josey", "josephine"},
    {"josh", "joshua"}, {"josie", "josephine"},
    {"joy", "joyce"}, {"jude", "judith"},
    {"judi", "judith"}, {"judy", "judith"},
    {"jules", "julia julian julie"}, {"julie", "julia"},
    {"jus", "justin"}, {"kalle", "karl"},
    {"karl", "carl"}, {"kat", "catherine katherine kathryn katrina"},
    {"kate", "caitlin catherine katharina katherine kathleen kathryn katrina"},
    {"kath", "catherine katherine kathleen kathryn"}, {"kathi", "katharina"},
    {"kathie", "katherine kathryn"}, {"kathy", "catherine katharina katherine kathleen kathryn"},
    {"katie", "catherine katherine kathleen kathryn"}, {"katja", "katharina"},
    {"kay", "katherine kathleen kathryn"}, {"kaz", "karen"},
    {"ken", "kenneth"}, {"kenny", "kenneth"},
    {"kev", "kevin"}, {"kim", "kimberley kimberly"},
    {"kit", "christopher"}, {"kitty", "catherine katherine"},
    {"klaus", "nicholas"}, {"kris", "kristen kristin kristina"},
    {"kristy", "kristen kristin kristina"}, {"lachie", "lachlan"},
    {"larry", "lawrence"}, {"lars", "lawrence"},
    {"laurie", "laura laurel lauren lawrence"}, {"lawrie", "lawrence"},
    {"lee", "leah leroy"}, {"len", "leonard"},
    {"lena", "helena magdalena"}, {"lenny", "leonard"},
    {"leo", "leonard leopold"}, {"leon", "leonard"},
    {"les", "leslie lester"}, {"lew", "lewis"},
    {"lewis", "louis"}, {"lex", "alexander"},
    {"lexi", "alexandra"}, {"lexie", "alexandra"},
    {"liam", "william"}, {"libby", "elizabeth"},
    {"liddy", "lydia"}, {"lil", "lillian"},
    {"lilibet", "elizabeth"}, {"lilly", "lillian"},
    {"lily", "lillian"}, {"lina", "angelina selina"},
    {"lindy", "linda melinda"}, {"linz", "lindsay"},
    {"lisa", "elisabeth elizabeth"}, {"lisbeth", "elisabeth"},
    {"lissa", "melissa"}, {"liv", "olivia"},
    {"livvy", "olivia"}, {"liz", "elisabeth elizabeth"},
    {"liza", "elizabeth"}, {"lizzie", "elizabeth"},
    {"lizzy", "elizabeth"}, {"lola", "delores"},
    {"lori", "laura lorraine"}, {"lotte", "charlotte"},
    {"lottie", "charlotte"}, {"lou", "lewis louis louisa louise lucille"},
    {"louie", "louis"}, {"louis", "lewis"},
    {"loyd", "lloyd"}, {"loz", "lauren"},
    {"lu", "lucy"}, {"lucy", "lucille lucinda"},
    {"luke", "lucas"}, {"lulu", "louisa louise"},
    {"lyn", "carolyn linda lynette"}, {"lynn", "caroline carolyn linda lynette"},
    {"mac", "mackenzie"}, {"mackie", "mackenzie"},
    {"maddie", "madeleine madeline madison"}, {"maddy", "madeleine madeline madison"},
    {"madge", "margaret"}, {"mads", "madeleine madeline"},
    {"mae", "mary"}, {"magda", "magdalena"},
    {"maggie", "magdalena margaret"}, {"mags", "margaret"},
    {"maisie", "margaret"}, {"mal", "malcolm"},
    {"malc", "malcolm"}, {"mamie", "mary"},
    {"mandy", "amanda miranda"}, {"manny", "emmanuel manuel"},
    {"manolo", "manuel"}, {"manu", "emmanuel"},
    {"marc", "marcus mark"}, {"marge", "margaret marjorie"},
    {"margie", "margaret marjorie"}, {"margo", "margaret"},
    {"marie", "maria"}, {"mark", "marcus"},
    {"mart", "martin"}, {"marty", "martha martin"},
    {"mary", "marianne marilyn"}, {"mat", "matthew"},
    {"matt", "matthew matthias"}, {"mattie", "martha mathilda matilda"},
    {"matty", "matthew"}, {"matze", "matthias"},
    {"max", "maximilian maxine maxwell"}, {"maxi", "maximilian"},
    {"maxie", "max"}, {"may", "mabel mary"},
    {"meg", "margaret megan"}, {"mel", "amelia melanie melinda melissa"},
    {"merry", "meredith"}, {"mia", "maria marie"},
    {"mich", "michelle"}, {"michele", "michelle"},
    {"mick", "michael"}, {"mickey", "michael"},
    {"micky", "michael michaela"}, {"mike", "michael"},
    {"mikey", "michael"}, {"millie", "amelia camille emily mildred millicent"},
    {"mim", "miriam"}, {"mima", "jemima"},
    {"mimi", "miriam"}, {"mina", "wilhelmina"},
    {"mindy", "melinda"}, {"minnie", "wilhelmina"},
    {"misha", "mikhail"}, {"missy", "melissa"},
    {"mitch", "michael mitchell"}, {"mitzi", "maria"},
    {"mo", "maureen maurice mohamed mohammed morris muhammad"}, {"moe", "maurice"},
    {"mohamad", "mohammed"}, {"mohamed", "mohammed muhammad"},
    {"mohammad", "mohamed mohammed muhammad"}, {"mohammed", "mohamed muhammad"},
    {"molly", "mary"}, {"mon", "monica"},
    {"mona", "ramona"}, {"morrie", "maurice morris"},
    {"mu", "muriel"}, {"muhammad", "mohamed mohammed"},
    {"nacho", "ignacio"}, {"nan", "ann hannah nancy"},
    {"nancy", "ann"}, {"nat", "natalia natalie natasha nathan nathaniel"},
    {"natasha", "natalia"}, {"nate", "nathan nathaniel"},
    {"nathan", "jonathan nathaniel"}, {"neal", "neil"},
    {"ned", "edmund edward"}, {"neil", "cornelius"},
    {"nell", "eleanor ellen helen petronella"}, {"nellie", "eleanor ellen helen"},
    {"nessa", "vanessa"}, {"nessie", "agnes"},
    {"nettie", "annette antoinette"}, {"nev", "neville"},
    {"nic", "nicola nicole"}, {"nica", "veronica"},
    {"nick", "dominic nicholas"}, {"nicky", "nicholas nicola nicole"},
    {"nico", "nicholas"}, {"nicolas", "nicholas"},
    {"nige", "nigel"}, {"nikki", "nicola nicole"},
    {"nikolaus", "klaus"}, {"noll", "oliver"},
    {"nomi", "naomi"}, {"nora", "eleanor"},
    {"norm", "norma norman"}, {"ollie", "oliver olivia"},
    {"olly", "oliver"}, {"oz", "oswald"},
    {"ozzie", "oscar oswald"}, {"paco", "francisco"},
    {"paddy", "patricia patrick"}, {"pam", "pamela"},
    {"pancho", "francisco"}, {"pat", "patricia patrick"},
    {"patsy", "patricia patrick"}, {"patty", "patricia"},
    {"peg", "margaret"}, {"peggy", "margaret"},
    {"penny", "penelope"}, {"pepe", "jose"},
    {"pepito", "jose"}, {"peppe", "giuseppe"},
    {"percy", "percival"}, {"pete", "peter"},
    {"petey", "peter"}, {"phil", "philip phillip"},
    {"philip", "phillip"}, {"phillip", "philip"},
    {"phyl", "phyllis"}, {"pip", "philip philippa phillip"},
    {"pippa", "philippa"}, {"polly", "mary paula pauline"},
    {"prissy", "priscilla"}, {"pru", "prudence"},
    {"prue", "prudence"}, {"quin", "quentin"},
    {"rach", "rachel"}, {"rae", "rachel"},
    {"rafe", "ralph raphael"}, {"rainey", "lorraine"},
    {"randy", "randall randolph"}, {"raph", "raphael"},
    {"ray", "raymond"}, {"reg", "reginald"},
    {"reggie", "reginald"}, {"reiner", "reinhard"},
    {"rena", "renata"}, {"rene", "irene"},
    {"resi", "theresa"}, {"rex", "reginald"},
    {"ria", "maria"}, {"rich", "richard"},
    {"richie", "richard"}, {"rick", "eric patrick richard roderick"},
    {"ricky", "eric richard"}, {"rikki", "erica"},
    {"rita", "margaret"}, {"ritchie", "richard"},
    {"rob", "robert"}, {"robbie", "robert roberta"},
    {"robin", "robert"}, {"rod", "roderick rodney"},
    {"roddy", "roderick rodney"}, {"rodge", "roger"},
    {"rollo", "roland"}, {"roly", "roland"},
    {"romy", "rosemary"}, {"ron", "ronald"},
    {"ronnie", "rhonda ronald veronica"}, {"ronny", "ronald"},
    {"ros", "rosalind"}, {"rose", "rosanna rosemary"},
    {"rosie", "rose rosemary"}, {"roxy", "roxanne"},
    {"roy", "leroy"}, {"roz", "rosalind"},
    {"rudi", "rudolf"}, {"rudy", "rudolf"},
    {"russ", "russell"}, {"rusty", "russell"},
    {"ruthie", "ruth"}, {"ry", "ryan"},
    {"sadie", "mercedes sarah"}, {"sal", "salvatore"},
    {"sally", "sarah"}, {"sam", "samantha samuel"},
    {"sammie", "samantha"}, {"sammy", "samantha samuel"},
    {"sandra", "alexandra cassandra"}, {"sandy", "alexander alexandra sandra"},
    {"sara", "sarah"}, {"sasha", "alexander alexandra"},
    {"scotty", "scott"}, {"seb", "sebastian"},
    {"shan", "shannon"}, {"shari", "sharon"},
    {"shaun", "sean"}, {"shawn", "sean"},
    {"shaz", "sharon"}, {"shel", "shelby"},
    {"shelley", "michelle sheila"}, {"shelly", "michelle rachel"},
    {"shirl", "shirley"}, {"si", "simon"},
    {"sid", "sidney"}, {"siggi", "sigmund"},
    {"sissi", "elisabeth"}, {"sly", "sylvester"},
    {"sol", "solomon"}, {"solly", "solomon"},
    {"soph", "sophia"}, {"sophie", "sofia sophia"},
    {"stan", "stanley"}, {"stefan", "stephen"},
    {"steffen", "stefan"}, {"steffi", "stefanie stephanie"},
    {"stell", "stella"}, {"steph", "stephanie"},
    {"stephan", "stephen"}, {"stephen", "steven"},
    {"stephie", "stephanie"}, {"steve", "stephen steven"},
    {"steven", "stephen"}, {"stevie", "stephanie stephen steven"},
    {"stew", "stewart"}, {"stewart", "stuart"},
    {"stu", "stewart stuart"}, {"sue", "susan susannah suzanne"},
    {"sukie", "susan"}, {"susie", "susan susannah suzanne"},
    {"suzanna", "susannah"}, {"suzie", "susan"},
    {"suzy", "susan susannah suzanne"}, {"syd", "sidney"},
    {"syl", "sylvia"}, {"tabby", "tabitha"},
    {"talia", "natalia"}, {"tam", "tamara"},
    {"tammy", "tamara"}, {"tasha", "natasha"},
    {"ted", "edmund edward thaddeus theodore"}, {"teddy", "edward theodore"},
    {"tel", "terence"}, {"teresa", "theresa"},
    {"terry", "terence teresa terrance theresa"}, {"tess", "teresa theresa"},
    {"tessa", "teresa theresa"}, {"thad", "thaddeus"},
    {"thea", "theodora"}, {"theo", "theodora theodore"},
    {"theresa", "teresa"}, {"tiff", "tiffany"},
    {"tilda", "mathilda matilda"}, {"tilly", "mathilda matilda"},
    {"tim", "timothy"}, {"timmy", "timothy"},
    {"tina", "christina christine kristina martina"}, {"tobi", "tobias"},
    {"toby", "tobias"}, {"tom", "thomas"},
    {"tommy", "thomas"}, {"toni", "antoinette antonia antonio"},
    {"tonio", "antonio"}, {"tony", "anthony antonio"},
    {"topher", "christopher"}, {"tori", "victoria"},
    {"toto", "salvatore"}, {"tracy", "teresa"},
    {"trev", "trevor"}, {"tricia", "patricia"},
    {"trina", "katrina"}, {"trish", "patricia"},
    {"trixie", "beatrice"}, {"trudy", "gertrude"},
    {"uli", "ulrich ulrike"}, {"ursel", "ursula"},
    {"uschi", "ursula"}, {"val", "valerie"},
    {"vee", "verity"}, {"vera", "veronica"},
    {"vern", "vernon"}, {"vi", "viola violet"},
    {"vic", "victor victoria"}, {"vicki", "victoria"},
    {"vicky", "victoria"}, {"vikki", "victoria"},
    {"vin", "vincent"}, {"vince", "vincent"},
    {"vinny", "vincent"}, {"viv", "vivian vivienne"},
    {"volodya", "vladimir"}, {"vonnie", "yvonne"},
    {"vova", "vladimir"}, {"wally", "wallace walter"},
    {"walt", "walter"}, {"wat", "walter"},
    {"wazza", "warren"}, {"wen", "wendy"},
    {"wilf", "wilfred"}, {"will", "william"},
    {"willa", "wilhelmina"}, {"willi", "wilhelm"},
    {"willie", "william"}, {"willy", "wilhelm william"},
    {"winnie", "winifred winston"}, {"woody", "woodrow"},
    {"xander", "alexander"}, {"zac", "isaac zachariah zachary"},
    {"zach", "zachariah zachary"}, {"zack", "zachariah zachary"},
    {"zhenya", "yevgeny"},
};
/* clang-format on */

static int
by_name(const void *name, const void *row)
{
    return strcmp(name, ((const struct short_form *)row)->name);
}

/* The built-in list of what `name` stands for, or "". */
static const char *
built_in(const char *name)
{
    const struct short_form *row =
        bsearch(name, short_forms, sizeof(short_forms) / sizeof(short_forms[0]),
                sizeof(short_forms[0]), by_name);

    return row == NULL ? "" : row->stands;
}

/* The next word of a list and its size; NULL at the end. */
static const char *
next_word(const char **list, size_t *size)
{
    const char *word = *list + strspn(*list, " ,");

    *size = strcspn(word, " ,");
    *list = word + *size;
    return *size == 0 ? NULL : word;
}

static bool
lists(const char *list, const char *name, size_t size)
{
    size_t word_size;

    for (const char *word; (word = next_word(&list, &word_size)) != NULL;)
        if (word_size == size && memcmp(word, name, size) == 0)
            return true;
    return false;
}

/* The list in an installation's row, when the row is about `name`; else "". */
static const char *
row_of(const char *row, const char *name, size_t size)
{
    const char *start = row + strspn(row, " ");

    if (strncmp(start, name, size) != 0)
        return "";
    start += size + strspn(start + size, " ");
    return *start == ':' ? start + 1 : "";
}

/* Does `a` stand for the name of `size` bytes? */
static bool
stands_for(const char *a, const char *name, size_t size, const struct identity_nicknames *more)
{
    if (strlen(a) == size && memcmp(a, name, size) == 0)
        return true;
    if (lists(built_in(a), name, size))
        return true;
    for (size_t i = 0; more != NULL && i < more->count; i++)
        if (lists(row_of(more->rows[i], a, strlen(a)), name, size))
            return true;
    return false;
}

/* Does `b` stand for anything on the list? */
static bool
shares(const char *list, const char *b, const struct identity_nicknames *more)
{
    size_t size;

    for (const char *word; (word = next_word(&list, &size)) != NULL;)
        if (stands_for(b, word, size, more))
            return true;
    return false;
}

bool
identity_nicknames_agree(const char *a, const char *b, const struct identity_nicknames *more)
{
    if (stands_for(a, b, strlen(b), more) || stands_for(b, a, strlen(a), more))
        return true;
    if (shares(built_in(a), b, more))
        return true;
    for (size_t i = 0; more != NULL && i < more->count; i++)
        if (shares(row_of(more->rows[i], a, strlen(a)), b, more))
            return true;
    return false;
}

bool
identity_nicknames_know(const char *name)
{
    if (built_in(name)[0] != '\0')
        return true;
    for (size_t i = 0; i < sizeof(short_forms) / sizeof(short_forms[0]); i++)
        if (lists(short_forms[i].stands, name, strlen(name)))
            return true;
    return false;
}

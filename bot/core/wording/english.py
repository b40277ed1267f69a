"""English."""

from bot.core.wording.grammar import Page

PAGE = Page(
    language="en",
    words={
        "stop": (
            "stop stops stopping stopit stp stpo sotp tsop soptp stopp sttop stoop stap stawp stahp staph "
            "stoip dtop sto_p st_op s_top quit cease halt desist discontinue cut_it_out knock_it_off "
            "cut_out give_it_a_rest give_up put_an_end_to no_more_of refrain_from lay_off enough_with "
            "enough_of done_with fed_up_with sick_of tired_of ceased"
        ),
        "tired": "done_with fed_up_with sick_of tired_of enough_with enough_of hate",
        "thing": (
            "this these those it that stuff crap shit bullshit bs garbage nonsense things anything everything"
        ),
        "contact": (
            "text{,ing} texing texring txt{,ing,in} txtng textin messag{e,ing,in} msg{,ing} mssging "
            "contact{,ing} bother{,ing} bug{,ging} spam{,ming} harass{,ing} annoy{,ing} writ{e,ing} "
            "pester{,ing} reach_out reaching_out wast{e,ing}_my_time blow{,ing}_up hit{,ting}_me_up "
            "ping{,ing} sms sms-ing communicat{e,ing} disturb{,ing} email{,ing} solicit{,ing} stalk{,ing} "
            "notify notifying pinging"
        ),
        "call": "call calling callin phoning ring ringing",
        "past_contact": "texted messaged contacted",
        "send": "send{,ing,in} sendin sned{,ing} mail{,ing} forward{,ing} push{,ing} sent",
        "message": (
            "text{,s} txt{,s,z} messag{e,es} msg{,s} mssg{,s} msgs mesages sms spam notification{,s} "
            "alert{,s} ad{,s} advert{,s,isements,ising} promo{,s} promotion{,s} promotional marketing junk "
            "newsletter{,s} communication{,s} texting messaging solicitation{,s} blast{,s} bs spams mms "
            "text_messages text_alerts"
        ),
        "content": (
            "coupon{,s} deal{,s} offer{,s} update{,s} reminder{,s} link{,s} emails special{,s} discount{,s} "
            "code{,s}"
        ),
        "me": "me us this_number this_phone my_phone this_line we myself my_client them_all",
        "number": (
            "number info num nmbr phone phone_number cell cell_number mobile digits contact_info "
            "contact_information details information handset sim this_number this_phone my_phone this_line"
        ),
        "list": (
            "list lists mailing_list{,s} text_list contact_list contacts database data_base system records "
            "file files distribution distro mailing roster rotation directory call_list calling_list "
            "phone_list"
        ),
        "remove": (
            "remove removed removing delete deleted deleting erase erased erasing scratch strike drop scrub "
            "wipe lose loose forget removal rm purge taken_out taken_off"
        ),
        "off": "off out frm outta out_of from off_of off_from",
        "that_is_all": "no_mas nomas no_more_please",
        "name": "name names",
        "subscribe": "subscribe subscribed subscribing subscriber test tests tested nest",
        "take": "take takes taking get getting pull",
        "cancel": (
            "cancel cancelling canceling end ending terminate discontinue shut_off turn_off disable "
            "deactivate switch_off mute"
        ),
        "subscription": (
            "subscription sub subscriptions enrollment text_subscription enrolment text_messages "
            "sms_subscription text_alerts text_subscriptions sms_program alerts"
        ),
        "unsub": (
            "unsubscribe unsubscibe unsubscrib unsuscribe unsubcribe unsub unsubs un_subscribe "
            "unsubscribing desubscribe opt_out optout opt_me_out opt_us_out opting_out opt_this_number_out "
            "unsubscribe_all unenroll disenroll unregister deregister opt_my_number_out opted_out "
            "take_me_off get_me_off remove_me_off want_off like_off want_out_of_this be_unsubscribed "
            "deactivate_me unjoin usubscribe unsubsribe unscribe unsubscribr unsubscibed ubsubscribe "
            "count_me_out count_us_out opt_out_of_all opting_me_out sign_me_off unsign_me unlist_me"
        ),
        "unsubbed": "unsubscribed opted_out",
        "not": (
            "dont do_not don never not no_longer should_not shouldnt dnot dotn doont must_not nor not_to "
            "quit_to dont_ever nobody dnt"
        ),
        "cant": "cant can_not cannot could_not couldnt wont will_not never wouldnt arent havent hasnt wasnt",
        "none": "no no_more nomore zero enough no_further without no_mor nomor",
        "want": (
            "want wanna wants wish like need care interested desire ask asked looking_for agree consent "
            "authorize looking prefer"
        ),
        "receive": (
            "receive receiving get getting recieve recieving have be see hear_from read hear receive_from"
        ),
        "again": (
            "again anymore any_more ever evermore no_more more any further future going_forward "
            "moving_forward period mor anymor"
        ),
        "stranger": (
            "wrong_number wrong_person wrong_guy wrong_phone not_my_number do_not_know_you dont_know_you "
            "who_is_this whos_this who_are_you who_this no_one_named nobody_named nobody_called "
            "no_one_called nobody_by_that_name no_one_by_that_name not_the_person someone_elses_number "
            "not_who_you_think dont_know_who_you_are nobody_here no_one_here noone_here not_his_number "
            "not_her_number not_their_number"
        ),
        "complaint": (
            "not_interested no_interest never_signed_up didnt_sign_up did_not_sign_up never_subscribed "
            "never_asked_for_this didnt_ask_for_this never_agreed not_sign_up uninterested harassment "
            "this_is_harassment scam reported bye goodbye never_gave_you never_gave_my never_gave_anyone "
            "didnt_give_you dont_remember_signing_up dont_recall_signing_up did_not_request didnt_request "
            "never_requested never_joined didnt_join never_opted_in never_consented did_not_consent "
            "didnt_agree never_wanted didnt_subscribe"
        ),
        "consent": "consent permission authorization authorisation approval right authority",
        "revoke": (
            "revoke revoking withdraw withdrawing rescind rescinding retract take_back revoked withdrawn "
            "revokes withdraws revocation withdrew retracted rescinded"
        ),
        "begone": (
            "leave_{me,us}_alone leave_{me,us}_be go_away_and_stop lose_my_number loose_my_number "
            "lose_this_number lose_my_digits forget_my_number piss_off_and_stop stay_off_my_phone "
            "get_out_of_my_phone get_off_my_phone leave_our_family_alone leave_me_tf_alone do_one "
            "jog_on_with stay_away_from_me quit_my_phone"
        ),
        "leave": "leave let",
        "alone": "alone be",
        "rude": (
            "fuck_off f_off piss_off go_away get_lost screw_you fu fuck_you buzz_off shut_up bugger_off "
            "go_to_hell eff_off get_stuffed sod_off bite_me go_fuck_yourself gtfo stfu"
        ),
        "enough": "enough enough_already that_is_enough thats_enough leave",
        "too_many": "too_many way_too_many so_many too_much tons_of bombarding_me_with flooding_me_with",
        "fewer": "fewer less not_so_many not_as_many",
        "block": (
            "block_you blocking_you block_this block_u block_ya blocking_this report_you reporting_you "
            "block_your report_your reported_you reporting_this report_this youre_blocked you_are_blocked "
            "ur_blocked"
        ),
        "account": "account membership profile",
        "only": "only just_send only_send just_text only_text only_want just_want",
        "pause": "pause snooze hold",
        "why": "why why_do why_are why_am_i why_do_i how_come",
        "source": (
            "gave_you got_my have_my got_this got_my_info get_this give_you how_did_you_get "
            "where_did_you_get get_my_info"
        ),
        "said": (
            "said say says texted replied typed told sent tell texting text saying asked reply send wrote "
            "responded"
        ),
        "you": "you u ya guys yall people they it",
        "small": (
            "a an the my our all any of your ur yours to from with w on about so really very just now "
            "already again please more future further such damn damned goddamn fucking fuckin freaking "
            "frickin bloody stupid annoying automated unwanted unsolicited constant promotional spammy you "
            "u ya guys yall yous people company in for at_all up immediately asap right kindly both and_all "
            "these this that those endless random dumb silly ridiculous nonstop the_hell the_fuck ever "
            "completely entirely permanently forever be been being every each single i im via by_text "
            "and_or or other additional mobile bulk god frm keep keeps anymore any_more no_longer "
            "advertising mor anymor em no_mor prior express written"
        ),
        "lead": (
            "please pls plz plse kindly ok okay hey hi hello yo dear sir hi_there just now then well so and "
            "but also i im id ill we wed like want wanna would wud need you u guys yall people to can could "
            "will should must may thanks thank_you thank_u thx ty tysm cheers ta really sorry no nope nah "
            "yes yeah said i_said already told texted_you immediately asap right_now right_away today "
            "hereby am wish let make lets request ask asking requesting demand demanding madam maam bro "
            "dude man folks team everyone again for_the the last first second third time times once ffs omg "
            "wtf jesus christ goddamn fucking fuck damn u_guys_need_to need_to got_to gotta have_to "
            "this_has_to it period thats_it final_warning formally officially hello_there good_morning "
            "sincerely regards if_you_would me yo_guys have mind not_interested per_my im_not_interested "
            "lol be texted effective do done thank everything all from future further in_the_future ever "
            "messages texts msgs second_time third_time fourth_time last_time 2nd_time 3rd_time"
        ),
        "join": (
            "and but because cuz cause bc since as so then or else before_i otherwise i_will ill cos also"
        ),
        "if": (
            "if what_happens when whenever did didnt have_you has havent hasnt had unless does doesnt "
            "why_did why_didnt are_you is_it wouldnt when_will until_you was were whether am_i am_not "
            "tell_the tell_them have_them wont_ever will_i do_i_still would_i if_i what_if after_i once_i "
            "do_i_have do_i_need stopped accidentally by_mistake someone"
        ),
        "ask": (
            "how how_do how_do_i how_can how_can_i how_to can_i can_we could_i may_i where where_do_i "
            "where_can_i is_there is_there_a_way what_do_i_do do_i do_i_have_to whats_the_way way_to "
            "want_to_know possible_to need_help is_it_possible_to what_do_i_have_to_do_to "
            "what_do_i_need_to_do_to what_must_i_do_to what_do_i_have_to_do what_will_it_take_to "
            "is_there_a_way_to a_way_to"
        ),
        "limit": (
            "after before until till til while when during daily weekly every every_day everyday twice "
            "nightly night at_night late early so_many so_much so_often as_often as_many as_much too_often "
            "sundays sunday weekends weekend weekdays mornings morning hours work email emails emailing "
            "e-mail wife husband mom mother dad son daughter kid kids friend brother sister coworker boss "
            "except unless only keep_the for_a for_now temporarily weeks week month months days tomorrow "
            "today tonight both_of pm am constantly except_for but_keep other_than apart_from besides "
            "old_number landline more_than whatsapp in_spanish in_french in_english twitter holiday "
            "holidays vacation dinner hour oclock"
        ),
        "joke": "wait hilarious funny hammer_time in_the_name_of_love heard_this_one lmfao rotfl",
        "praise": (
            "cute adorable drooling blushing so_good yum yummy delicious obsessed gorgeous amazing "
            "hammer_time"
        ),
        "place": "by in at over near on off for into through before light lights red gate corner",
        "shopping": (
            "shopping eating buying ordering drinking thinking wearing talking dreaming laughing craving "
            "loving"
        ),
        "sayings": "bus last pit one truck rest full non tram train next gas",
        "object": (
            "order shipment delivery payment package appointment reservation card subscription_box item "
            "cart code receipt invoice bill job auto_refill refill"
        ),
        "isnt": (
            "isnt is_not aint is_no_longer isnt_longer wasnt_ever belongs_to has_a_new_owner changed_hands "
            "has_changed_hands no_longer_in_service no_longer_belongs not_in_service"
        ),
        "gone": "passed_away has_died is_deceased deceased recently_died no_longer_with_us died_last died_in",
        "who": "who_is whos who_are who_keeps who_the_hell who_the_fuck who_tf",
        "elsewhere": "gym netflix spotify wifi landlord phone_plan magazine church podcast lyrics",
        "want_out": "want_out",
        "most": "no_more_than at_most max maximum only just not_more_than",
        "rate": (
            "a_week per_week a_month per_month a_day per_day each_week once_a_week once_a_month weekly "
            "monthly every_week"
        ),
        "permit": "authorize authorise allow permit allowed authorized authorised gave_permission",
        "one": "one two three",
        "give": "give gave given giving",
        "still": "still keep keeps continue continues yet",
        "customer": "customer client member patron",
        "wrong": "wrong",
        "miss": "miss missing lose_my lose_out",
        "calm": "chill calm_down ease_up ease_off relax tone_down dial_back cool_it slow_down go_easy",
        "program": "program club membership scheme",
        "quit": "leave withdraw exit",
        "nth": "second_time third_time fourth_time last_time 2nd_time 3rd_time millionth_time",
        "in_peace": "alone in_peace",
        "nobody": "nobody no_one noone none_of_us",
        "asked": "asked asked_for wanted want ordered requested",
        "wish": (
            "grateful_if great_if nice_if appreciate_it_if glad_if happy_if wonderful_if wish need needs "
            "have_to must"
        ),
        "end": "ended stopped ceased end ends",
        "can": "can could is_there_a_way_to a_way_to",
        "switch_off": "turn_off turn_this_off switch_off shut_off",
    },
    triggers="take that_is_all tired rude enough pause leave said isnt who want_out ask",
    plain=(
        "said stop thing? $",
        "^ stop receive $",
        "^ stop 'i'|'we' not want|contact",
        "complaint please? remove $",
        "^ that_is_all $",
        "said you? stop",
        "^ remove name $",
        "remove me? name|number off? list",
        "remove|take me off thing? message|list",
        "remove off list $",
        "'rather' not receive",
        "remove|take name|number off $",
        "remove|take name|number off thing? list|message",
        "^ remove|take me off $",
        "want off list|thing|message",
        "leave me alone",
        "leave alone $",
        "why not|cant you? stop contact|message",
        "why not|cant you? stop",
        "if not stop contact|send|message",
        "not consent receive? contact|message",
        "not want receive? me? contact",
        "message|thing 'need'|'must'|'needs'|'has'|'have'|'gotta' stop $",
        "'need' stop contact|message|send",
        "want|'need'|'be' unsubbed $",
        "'be' unsubbed message|list",
        "not contact thing number",
        "^ cancel message",
        "not want again? receive thing? message",
        "want 'no_longer' receive thing? message|content|$",
        "not again? want past_contact",
        "not want 'you'|'u'|'yall'|'anyone'|'them'|'anybody'|'ya' contact",
        "not want 'you'|'u'|'yall'|'anyone'|'them'|'anybody'|'ya' send me? $",
        "not want 'you'|'u'|'yall'|'anyone'|'them'|'anybody'|'ya' send me? thing|message|content",
        "^ number|message unsub",
        "rude stop",
        "rude contact",
        "not contact|send me? again",
        "'mind' not contact",
        "^ remove thing? number",
        "tired ... message stop",
        "revoke ... consent",
        "consent revoke",
        "consent ... revoke",
        "'rather'|'prefer' not receive|again",
        "not want receive again? message|content",
        "want not receive again? thing? message|content",
        "not consent 'to'? contact|send|call",
        "thing stop $",
        "stop thing message",
        "complaint ... remove",
        "stop send ... thing",
        "'time'|'sign'|'how' ... said stop",
        "said stop 'twice'|'before'|'already'",
        "unsub ... message",
        "want_out $",
        "want_out ... message|list",
        "none 'need' contact me|again",
        "'turn'|'switch'|'shut' thing? message? 'off' $",
        "'let'|'want' me? off list",
        "^ 'no_more' content $",
        "^ 'no_more' content please",
        "stop thing 'with' ... message|content",
    ),
    unclear=(
        "^ rude $",
        "'who'|'whos' 'keeps'? contact me",
        "^ enough $",
        "^ leave $",
        "ask unsub $",
        "ask stop thing? receive|message|contact",
        "ask stop thing $",
        "ask cancel thing? $",
        "ask take off list|message|thing",
        "ask take me off",
        "ask remove",
        "^ thing 'is' spam",
        "pause thing? message",
        "why you? 'keep'? contact|send",
        "why me? receive",
        "tired thing? message",
        "message limit only",
        "if 'keep' contact me",
        "not contact me limit",
        "not contact me",
        "stop contact",
        "^ stop 'i'|'im'|'ive'|'we'|'youre'",
        "^ remove number",
        "^ thing again? ... receive message",
        "'keep'|'keeps' receive thing? message",
        "'still' receive thing? message",
        "why 'am'? 'i'? 'still'? receive thing? message|thing",
        "who ... contact|send|message",
        "who ... source",
        "ask 'make'|'get' thing? message? stop",
        "ask 'make'|'get' message|thing 'to'? stop",
        "'ugh'|'argh'|'grr'|'geez'|'pls' stop",
        "'no_longer' 'have'|'has'|'own'|'owns'|'use'|'uses' thing|number",
        "'no_longer' ... number",
        "number 'belongs'|'changed'|'was'|'used_to' ... again",
        "stop send 'him'|'her'|'them' thing?",
        "not contact|send 'him'|'her'|'them' again",
        "'not' ... number again",
        "'gave'|'sold' ... number",
        "'new' 'owner' ... number",
        "'moved' ... not want|again",
        "^ leave thing? $",
        "stranger ... name",
        "not 'recall'|'remember' ... 'giving'|'signing'",
        "number ... 'recycled'|'reassigned'",
        "block thing? number",
        "stranger ... 'name'",
        "none 'need_to' contact me|again",
        "'no_need_to' contact me|again",
        "stranger ... thing? name",
        "'be_taken_off'|'be_removed'|'be_deleted' list|message|$",
        "take|remove 'him'|'her'|'them' off list|message|$",
        "please 'no_more' $",
    ),
    innocent=(
        "cant stop",
        "'you'|'u'|'guys' 'never' contact|send",
        "stop 'and' 'shop'|'go'|'get'|'pick'|'eat'|'see'|'say'|'grab'|'buy'",
        "'no' 'message'|'text' $",
        "not want stop",
        "not want unsub",
        "cant unsub",
        "sayings stop",
        "stop place",
        "stop sayings|'sign'|'signs'|'watch'|'watches'|'light'|'motion'",
        "remove object|'item'|'items'|'one'|'order'",
        "stop object",
        "cancel object",
        "not 'forget'",
        "'forget' contact|send",
        "not contact me? 'when'",
        "not send|contact me? object",
        "not 'worry'",
        "not receive thing? message $",
        "'didnt' receive",
        "'did' not receive",
        "'never' receive|'got'",
        "why not receive",
        "why 'havent'",
        "why unsubbed",
        "'cant' contact 'right'",
        "said stop 'by_mistake'",
        "'accidentally'|'by_mistake' stop|unsub",
        "unsub|unsubbed me? 'by_mistake'|'by_accident'",
        "not send me? message|content 'yet'",
        "said stop 'to' unsub|cancel|stop|receive",
        "said stop unsub|cancel",
        "said unsub 'to' unsub|cancel|stop",
        "number isnt 'working'|'valid'|'active'|'linked'|'showing'|'right'|'correct'|'going'|'saved'",
        "stop 'and_think'|'and_smell'",
        "number isnt thing? object",
        "'will'|'would'|'should' 'you' contact|send",
        "who ... contact|send 'when'|'about' object",
        "who 'do'|'should'|'can' 'i' contact|call|send",
        "'keep' receive thing? message 'about'? object",
        "'phone'|'battery'|'laptop' gone",
        "none message ... 'yet'",
    ),
)

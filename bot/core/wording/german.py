"""German, of Germany, Austria and Switzerland."""

from bot.core.wording.grammar import Page

PAGE = Page(
    language="de",
    words={
        "stop": (
            "stopp stopps stoppen stoppt stoppe stoppen_sie stahp aufhören aufhoeren aufhörn hör{en,t,}_auf "
            "hoert_auf hör_uf hören_sie_auf hören_sie_bitte_auf hör{t,}_bitte_auf hör{t,}_damit_auf "
            "hören_sie_damit_auf hör{t,}_endlich_auf hören_sie_endlich_auf hört_sofort_auf hörts_auf "
            "hörts_endlich_auf hört_uf schluss schluß basta beenden beendet beende_bitte beenden_sie "
            "unterlassen unterlasst unterlassen_sie einstellen einzustellen genug_von genug_mit "
            "schluss_jetzt jetzt_reichts es_reicht mir_reichts reichts_mit lasst_das lass_das hör_bitte_auf "
            "sein_lassen bleiben_lassen hörns_auf ufhöre höred_uf halt_stopp aufhoern höred_bitte_uf stoped "
            "höret_uf hörts_uf hört_endlich_uf halt_still gebt_endlich_ruhe unterbleiben aufzuhören "
            "lassen_sie_das aufhört aufhören_damit ist_gut_mit mal_gut_mit gut_jetzt_mit reicht_jetzt_mit "
            "gut_ist_mit hrt_auf"
        ),
        "thing": (
            "das dies diese es damit nichts alles dieses sowas den_scheiß den_mist den_quatsch den_scheiss "
            "sofort kram"
        ),
        "contact": (
            "angeschrieben schreib{en,t,,e,st} anschreib{en,t} kontaktier{en,t,e} belästig{en,t,e} "
            "belaestig{en,t} nerv{en,t,,e,st} zuspam{men,mt} zu_spammen spamm{en,t} stör{en,t,e} "
            "stoer{en,t} texten textet meld{en,et,e} anzuschreiben zu_schreiben zu_nerven zu_belästigen "
            "zu_kontaktieren kontaktiert zutexten zuzutexten zu_stören melden_bei simsen sms_schreiben "
            "belästigt schriibe schriibed terrorisieren zumüllen zuzumüllen bombardieren z_schriibe texte "
            "z_schribe schribe schrieben_z spame schreiben_z kontaktieren"
        ),
        "call": "anruf{en,t} telefonieren anzurufen",
        "send": (
            "schick{en,t,,e,st} send{en,et,e} zuschick{en,t} zusend{en,et} versend{en,et} zu_schicken "
            "zu_senden zuzusenden verschicken zuzuschicken schicke geschickt gesendet schicked "
            "zukommen_lassen zukommen zustellen z_schicke schickt_s schickts"
        ),
        "message": (
            "nachricht{,en} nachrichtn sms smsen msg{,s} spam werbung reklame "
            "werbe{sms,nachricht,nachrichten,texte} newsletter mitteilung{,en} meldungen infos texte smse "
            "whatsapp{,s} benachrichtigung{,en} werbemüll massensms textnachricht{,en} promos werbig "
            "nachrichte promo kurznachricht{,en} zusendung{,en} sms_nachrichten spam_sms werbebotschaften "
            "post werbenachricht prospekte werbezwecken werbezwecke direktwerbung versand den_versand"
        ),
        "content": (
            "angebot{,e} gutschein{,e} coupons coupon links mails emails e-mails neuigkeiten rabatte aktionen"
        ),
        "me": "mir mich uns mi mer diese_nummer dieser_nummer an_diese_nummer an_mich bei_mir",
        "number": (
            "nummer name namen nummern handynummer telefonnummer nr handynr daten kontakt kontaktdaten "
            "mobilnummer telnr telefonnr rufnummer daten_und_nummer handy diese_nummer dieser_nummer"
        ),
        "list": (
            "liste listen verteiler verteilerliste system datenbank mailingliste kontakten kontakte "
            "adressliste sms-liste kontaktliste sms_verteiler kartei daten_bank werbeliste verzeichnis "
            "newsletter smsliste werbeverteiler newsletterverteiler marketingliste werbeverzeichnis"
        ),
        "remove": (
            "lösch{en,t,e,} loesch{en,t} gelöscht löschung streich{en,t,e} gestrichen entfern{en,t,e} "
            "entfernung nehm{en,t} nimm raus_nehmen rausnehmen herausnehmen vergess{en,t} vergiss "
            "verlier{en,t} tilgen lösched raus_löschen rauslöschen rausstreichen schmeißt schmeisst schmeiß "
            "werft zu_löschen zu_entfernen nemt nemmt nehmmt verschwindet verschwinde verschwinden"
        ),
        "off": "von aus vom",
        "cancel": (
            "beend{en,et} kündig{en,t,e,ung} kuendig{en,e} stornier{en,t,e} abbestell{en,e,t} cancel{n,e} "
            "einstell{en} gekündigt kündige storno deaktivier{en,t}"
        ),
        "subscription": (
            "abo abonnement sms-abo anmeldung sms_abo newsletter newsletterabo smsabo dienst sms_dienst "
            "sms_service mitgliedschaft_bei_sms"
        ),
        "unsub": (
            "abmeld{en,ung,n} abzumelden apmelden abmelde abgemeldet_werden abmälde abbestell{en,ung,t} "
            "abbestelen abzubestellen austrag{en,ung} auszutragen austräge ausgetragen_werden "
            "melden_sie_mich_ab melden_sie_mich_bitte_ab meldet_mich_ab meld_mich_ab melde_mich_ab "
            "melde_mich_hiermit_ab meldet_mich_bitte_ab ich_melde_mich_ab tragen_sie_mich_aus "
            "tragen_sie_mich_bitte_aus tragt_mich_aus trag_mich_aus tragt_mich_bitte_aus bestelle_ab "
            "bestell_ab abmelden_bitte deabonnieren abonnement_kündigen abo_kündigen abo_beenden "
            "newsletter_abbestellen abmeldn bestellen_sie_mich_ab tragen_sie_mich_wieder_aus desabonnieren "
            "deregistrieren abzmelden melden_sie_uns_ab ich_steige_aus aussteigen"
        ),
        "unsubbed": "abgemeldet ausgetragen abbestellt",
        "not": (
            "nicht nie nie_wieder nie_mehr nimmer niemals net ned nid nöd nit nich nicht_mehr ned_mehr "
            "net_mehr nümm nümme nie_mehr_wieder nüm num"
        ),
        "none": (
            "keine kein keinen keinerlei kane ka kei genug null kaane koa koane schluss_mit ohne keini nix "
            "nie_wieder nie_mehr"
        ),
        "nothing": "nichts nix",
        "sign_off": (
            "melden meldet meld melde tragen tragt trag bestellen bestelle bestellt stellen stellt stell "
            "bestell kündige trage"
        ),
        "more": (
            "mehr weiter weiterhin wieder länger nochmal noch_mal mee jemals_wieder künftig zukünftig "
            "ferner meh"
        ),
        "want": (
            "will möchte moechte wollen möchten wünsche wünschen brauche brauchen mag wollte habe_um lust "
            "bitte_um bitten_um interesse_an erlaube stimme verlange fordere wott wünsch willst ersuche_um "
            "bock_auf gwünscht wü mecht habt haben hat keine_lust"
        ),
        "receive": (
            "bekommen erhalten empfangen kriegen hören lesen haben sehen kriegn bekomme erhalte "
            "von_euch_hören krieg übercho becho haben_von"
        ),
        "again": "mehr weiter weiterhin wieder nochmal jetzt länger künftig zukünftig meh nie_wieder",
        "stranger": (
            "falsche_nummer falsche_person falsch_verbunden verwählt nummer_falsch wer_ist_da wer_seid_ihr "
            "wer_sind_sie kenne_sie_nicht kenne_euch_nicht kenn_euch_nicht wer_ist_das falschi_nummer "
            "gibts_keinen gibt_es_keinen gibts_keine wohnt_hier_nicht kenne_ich_nicht kenn_ich_nicht "
            "verwechseln verwechselt hier_gibt_es_keine vertan falsch_gelandet heiße_anders heisse_anders"
        ),
        "i_am_not": (
            "ich_bin_nicht bin_nicht hier_ist_nicht das_ist_nicht_die_nummer_von nicht_die_nummer_von"
        ),
        "complaint": (
            "kein_interesse nicht_interessiert nie_angemeldet nicht_angemeldet nie_zugestimmt belästigung "
            "nicht_bestellt nie_bestellt keine_lust nie_eingewilligt interessiert_mich_nicht "
            "nie_registriert nie_gegeben nie_zugesagt nicht_eingewilligt nie_eingetragen niemals_angemeldet "
            "niemals_zugestimmt nie_abonniert nicht_abonniert nie_darum_gebeten nicht_darum_gebeten "
            "nicht_registriert nie_beantragt mich_nie_angemeldet nie_erlaubt"
        ),
        "consent": (
            "einwilligung zustimmung erlaubnis einverständnis genehmigung einverständniserklärung nutzung "
            "verwendung verarbeitung"
        ),
        "revoke": (
            "widerrufe widerrufen widerruf zurückziehen ziehe entziehe widerrufs zurücknehmen wiederrufe "
            "wiederrufen widerspreche widersprechen widerspruch unterlassen zurückgezogen widerrufen_haben "
            "entzogen"
        ),
        "begone": (
            "lass{t,en,}{,_sie}_{mich,uns,mi}{,_bitte,_endlich,_einfach,_jetzt}_in_{ruhe,ruah,frieden} "
            "lönd_mi_in_rueh löhnd_mi_in_ruhe verschont_mich verschonen_sie_mich vergesst_meine_nummer "
            "ruhe_jetzt verpisst_euch_und_stopp löscht_meine_nummer vergiss_meine_nummer "
            "lass{t,en,}_m{i,ich}_in_r{ua,uah,uhe,ueh} lönd_mi{,ch}_in_rueh lönd_mi{,ch}_in_ruh "
            "lassts_mi{,ch}_in_{ruh,ruhe,ruah} gebt_ruhe gib_ruhe geben_sie_ruhe gebt_endlich_ruhe"
        ),
        "out": "raus heraus draußen weg runter",
        "too_many": "zu_viele zu_viel viel_zu_viele so_viele dauernd ständig zuviele",
        "fewer": "weniger nicht_so_viele seltener",
        "block": (
            "blockiere_euch blockiere_sie blockier_euch blockieren_euch sie_blockieren euch_blockieren "
            "zeige_sie_an zeige_euch_an anzeigen melde_euch anzeige_erstatten zeige_ich_sie_an zeig_euch_an"
        ),
        "account": "konto account profil kundenkonto",
        "only": "nur lediglich ausschließlich",
        "why": "warum wieso weshalb",
        "source": (
            "habt_ihr_meine haben_sie_meine hast_du_meine habt_ihr_die haben_sie_diese meine_nummer_her "
            "hands_ihr_mini"
        ),
        "enough": "genug nervt nervig reicht",
        "forbid": "verbiete untersage verbitte",
        "small": (
            "die der das den dem des ein eine einen eure euren eurer eurem euer ihre ihren ihrer ihrem ihr "
            "sie du mein meine meinen meiner dein deine deinen bitte mir mich uns an von aus vom mit zu zum "
            "zur per auf und_co diese diesen dieser dieses dauernd ständig immer endlich sofort jetzt ja "
            "doch mal einfach so solche irgendwelche irgendeine weitere weiteren in für blöden blöde blöder "
            "scheiß scheiss verdammten lästigen nervigen ungewollte unerwünschte unerwünschten jegliche "
            "alle allen ganzen werbliche hier eich euch ihnen sich damit mehr weiter weiterhin e de bei "
            "über nummer_an danke umgehend bloß künftig zukünftig ab dauerhaft es überhaupt gar ich i "
            "wirklich auch handy um werden wird z sms_und gfälligst sonst sowas künftigen zukünftigen teil"
        ),
        "lead": (
            "bitte danke vielen_dank hallo hi hey guten_tag guten_morgen guten_abend grüezi servus moin ok "
            "okay jetzt sofort endlich ich i wir will möchte moechte wollen würde würden könnt könnten "
            "können kann ihr sie gerne gern mal doch einfach und_zwar hiermit leute nein ja nochmal "
            "nochmals ich_sagte sagte gesagt habe_gesagt ich_habe_gesagt zum_letzten_mal umgehend "
            "unverzüglich mfg lg gruß grüße mit_freundlichen_grüßen damit euch ihnen mich mir uns dass daß "
            "sehr_geehrte_damen_und_herren herzlichen_dank mit_sofortiger_wirkung ab_sofort ab_jetzt "
            "in_zukunft künftig zukünftig verdammt scheiße mann bloß es soll sollen sollt müsst wünsche "
            "schon bereits mehrfach dringend wäre_nett also so dann für_immer von_euch von_ihnen nun lieb "
            "vielmals merci werden haben geh bittschön jetz jetza zum_kuckuck alles zweite_mal dritte_mal "
            "zum_zweiten_mal zum_dritten_mal letzte_mal"
        ),
        "join": "und aber weil denn oder da sonst ansonsten damit_ich",
        "if": (
            "wenn falls was_passiert wann ob hat habt_ihr haben_sie warum_habt aus_versehen versehentlich "
            "warum_bin kann_man wer wird sobald jemand ihr_habt_aufgehört"
        ),
        "ask": (
            "wie wie_kann_ich wie_kann_man wo wo_kann_ich wie_komme_ich kann_ich darf_ich geht_das "
            "was_muss_ich_tun ist_es_möglich gibt_es_eine_möglichkeit wie_geht_die kann_man"
        ),
        "limit": (
            "nach vor nachts abends morgens so_spät spät früh bis am_sonntag sonntag sonntags samstags "
            "wochenende während so_viele so_viel so_oft oft täglich jeden_tag dauernd_am ausser außer nur "
            "emails email e-mails frau mann_nummer meiner_frau meinem_mann mutter vater sohn tochter woche "
            "wochen monat monate morgen_früh heute arbeit uhr feiertagen urlaub in_der_nacht nacht zweimal "
            "wöchentlich auf_englisch für_eine vorerst"
        ),
        "object": (
            "bestellung rechnung paket zwiebeln tüte termin reservierung artikel lieferung beleg käse "
            "produkt ware warenkorb korb buchung gurken cola zeitung bon"
        ),
        "subscribe": "anmelden anmeldung_zur registrieren eintragen abonnieren angemeldet melden_sie_sich",
        "said": (
            "geschrieben gesagt gesendet geschickt geantwortet sagte schrieb antwortete gesimst getippt sage"
        ),
        "isnt": (
            "ist_nicht ist_nicht_mehr gehört_nicht gehört_nicht_mehr gehört_jetzt ist_nimmer isch_nid "
            "isch_nümm ist_ned nicht_mehr_die is_nimmer"
        ),
        "gone": (
            "verstorben gestorben ist_tot lebt_nicht_mehr verschieden_ist verstarb entschlafen "
            "von_uns_gegangen"
        ),
        "who": "wer",
        "elsewhere": "fitnessstudio studio netflix spotify wohnung wlan handyvertrag",
        "joke": "lecker köstlich mega_lecker herrlich",
        "rude": (
            "fickt_euch fick_dich fick_di verpisst_euch verpiss_dich leckt_mich leck_mich haut_ab hau_ab "
            "schleicht_euch schleich_di zieht_leine geht_scheißen zur_hölle"
        ),
        "most": "nicht_mehr_als höchstens maximal nur max",
        "rate": (
            "pro_woche die_woche in_der_woche pro_monat im_monat am_tag pro_tag einmal_pro_woche wöchentlich"
        ),
        "praise": "lecker köstlich herrlich süß mega_lecker",
        "tired": (
            "kein_bock keinen_bock kein_bock_mehr keine_lust_mehr die_schnauze_voll die_nase_voll satt "
            "keine_lust_auf genug_von satt_von"
        ),
        "permit": "erlaubt erlaube gestatte gestattet genehmigt eingewilligt",
        "one": "eine ein zwei einer",
        "give": "gebe gegeben erteilt",
        "still": "noch immer_noch weiterhin trotzdem noch_immer",
        "customer": "kunde kundin mitglied",
        "wrong": "falsche falschen falscher",
        "miss": "verpassen verlieren",
        "calm": (
            "beruhigt beruhigt_euch chillt entspannt_euch haltet_euch_zurück langsam_mit macht_mal_halblang"
        ),
        "program": "programms programm clubs club",
        "quit": "aussteigen austreten ausscheiden",
        "nth": "zweite_mal dritte_mal vierte_mal zweites_mal drittes_mal x_te_mal letzte_mal letztes_mal",
        "leave": "lasst lass lassen",
        "in_peace": "in_ruhe in_ruh in_frieden",
        "nobody": "keiner niemand",
        "asked": "wollte gebeten gefragt bestellt",
        "wish": "schön_wenn froh_wenn dankbar_wenn toll_wenn müssen sollten sollen",
        "end": "aufhören enden",
        "can": "kann_man kann_ich können_wir geht_das",
        "switch_off": "abschalten ausschalten deaktivieren abstellen",
    },
    triggers="complaint i_am_not enough forbid out nothing sign_off isnt who ask",
    plain=(
        "stop me? contact|send",
        "stop 'mit' ... message",
        "stop thing contact|send",
        "^ none thing? message more? $",
        "none message more|please",
        "none message more? $",
        "none more? message more? $",
        "want none message|content more? receive? $",
        "want none message|content more",
        "want none more? message",
        "none message|content more receive|send|contact",
        "want none message|content receive|send|contact",
        "none message|content send|contact",
        "contact|send me? none message|content",
        "contact|send me? not more",
        "contact|send me? not|'nichts'|'nix' more",
        "contact|send me? not $",
        "'nichts'|'nix' more contact|send|receive",
        "'nichts'|'nix' more 'von' 'euch'",
        "not more? contact|send",
        "not again? contact|send",
        "want 'nix'|'nichts' more receive",
        "want 'nix'|'nichts' more? 'von' 'euch'|'ihnen'",
        "not more receive $",
        "want unsub",
        "want thing not more? $",
        "unsub please",
        "me? unsub $",
        "message|subscription|number|list unsub|cancel",
        "^ thing cancel $",
        "list me? remove",
        "number remove $",
        "number list? remove",
        "remove me? list",
        "remove me number|list",
        "remove thing? number",
        "remove me out",
        "list remove",
        "want|me|'will' out list|stop",
        "out list $",
        "^ out list",
        "revoke",
        "consent revoke|'zurück'",
        "revoke consent",
        "'stellt'|'stellen'|'stell' thing|message 'ein'",
        "forbid ... contact|send|message",
        "i_am_not ... stop",
        "stranger ... not more contact|send",
        "complaint ... message",
        "contact not more 'mit'? message|$",
        "sign_off me thing? message|list|subscription? 'ab'",
        "sign_off me thing? message|list|subscription? 'aus'",
        "'bestellen'|'bestelle'|'bestellt' message 'ab'",
        "not more contact",
        "none message more receive",
        "'stoppen' message",
        "message stop $",
        "revoke ... number|message",
        "revoke ... message",
        "message ... stop $",
        "message stop",
        "want none 'bock'|'lust' ... message",
        "'bock' ... message",
        "none 'bock'|'lust' ... message",
        "none consent ... contact|send",
        "want none consent",
        "not 'ihm'|'ihr' contact|send",
        "contact|send 'ihm'|'ihnen' not more",
        "complaint ... remove $",
        "said stop|unsub",
        "stop ... said",
        "'schon'|'bereits' ... stop ... said",
        "digits? stop said",
        "none message more? contact|send $",
        "complaint please remove",
        "sign_off thing? message|subscription 'ab'|'aus'|'ein'",
        "'stellen_sie' thing? message|send 'ein'|'ab'|'aus'",
        "want thing not $",
        "^ none content more $",
        "'stimme' not more? 'zu'",
    ),
    unclear=(
        "ask ... unsub",
        "ask message? unsub",
        "ask me? unsub",
        "ask me? stop",
        "ask 'melde' me? 'ab'",
        "ask message|subscription cancel",
        "ask cancel message|subscription",
        "why contact|send",
        "i_am_not",
        "^ enough $",
        "too_many message",
        "'schickt' too_many message",
        "contact not limit",
        "alone contact|send me? not",
        "not limit contact|send",
        "not ... contact|send",
        "none message limit",
        "account cancel|remove",
        "^ only content|message",
        "only more? 'bestellinfos'|content|message",
        "complaint $",
        "ask ... sign_off ... 'ab'",
        "ask 'bestell'|'bestelle'|'melde'|'meld'|'kündige'|'trag'|'trage' ... 'ab'|'aus'",
        "why ... receive thing|message",
        "why 'bekomme'|'kriege'|'erhalte' 'ich' thing|message",
        "thing isnt ... number",
        "isnt ... number",
        "who ... contact|send",
        "who thing? contact|send",
        "complaint number",
        "nothing 'gegeben'",
        "'bekomme' 'ständig'|'dauernd'|'immer'|'noch' ... message",
        "'nie' ... number 'gegeben'",
        "number 'nie' 'gegeben'",
        "ask sign_off thing? me? 'ab'|'aus'",
        "'nie'|'niemals'|'nicht' number 'gegeben'|'angegeben'|'hinterlassen'",
        "ask 'komme'|'komm' off? list",
        "ask 'werde'|'werd' thing 'los'",
        "ask off list $",
        "'hört'|'hör'|'hören_sie' ~ message ~ 'auf'",
        "sign_off thing 'ab'|'ein'",
        "'was_muss_ich_tun'|'was_muss_ich_machen'|'was_kann_ich_tun' ~ stop",
        "list ~ remove me",
        "remove 'sie'|'ihn'|'sie_bitte' out|list|$",
        "nth 'dass_ich' ~ 'bitte'",
        "remove message $",
        "number isnt ... $",
    ),
    innocent=(
        "not stop",
        "'nie' stop",
        "stop not",
        "stop 'bloß' not",
        "'bloß' not stop",
        "not unsub",
        "'mich' 'aus' unsubbed",
        "unsub 'vom' 'wlan'",
        "unsub ... 'nie'",
        "'sms'|'nachricht' 'bekommen'|'erhalten' $",
        "'eine' message",
        "'melden'|'meldet' me 'bei'",
        "unsub 'der'",
        "stop 'an'|'um'|'am' 'der'|'ampel'",
        "object cancel|revoke|remove",
        "revoke 'der'|'die'? object",
        "remove object|'einen'|'letzten'",
        "none message 'bekommen'|receive $",
        "'bekomme' none message",
        "'habe'|'hab'|'hatte' none message",
        "none 'problem'|'ahnung'",
        "send me? object not",
        "send object not",
        "not 'vergessen'",
        "remove not",
        "'kommt' not",
        "stop 'um'",
        "not more 'lieferbar'",
        "none object",
        "none 'neue'? 'nachricht'",
        "not 'bekomme'|'erhalte'",
        "'bekomme' 'nichts'|'nix'",
        "send me? 'die' object not",
        "'antworte'|'antworten'|'antworten_sie'|'sende'|'schreibe' stop",
        "said? stop unsub|sign_off",
        "'mit' stop unsub|sign_off|'ab'",
        "unsub 'und_zu'|'und_an'",
        "'hör'|'hört'|'hören_sie' 'bitte'|'bloß'|'bloss'? not ... 'auf'",
        "number isnt 'richtig'|'gültig'|'aktuell'",
        "who 'liefert'|'bringt'|'kommt'",
        "stop 'warte'",
        "want none object",
        "'hör_mal_auf'",
        "want none content",
        "'akku'|'batterie'|'hund' gone",
        "stop send unsub",
        "stop send 'zum'|'zur' unsub",
        "'handy'|'telefon' gone",
    ),
)

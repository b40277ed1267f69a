"""French, of France, Québec and elsewhere; elisions are cut ("m'envoyer" is "m envoyer")."""

from bot.core.wording.grammar import Page

PAGE = Page(
    language="fr",
    words={
        "stop": (
            "arrêt arrêt{er,ez,e,ons} arret{er,ez,e} arreter arrête_de arrêtez_de cess{er,ez,e} "
            "stopp{er,ez,e} stopez stoper stahp halte ça_suffit ca_suffit sa_suffit fini_avec assez_de "
            "assez marre_de y_en_a_marre_de y_a_en_a_marre_de finissez_en finissez_avec mettez_fin_à "
            "mettre_fin_à mettez_un_terme_à interromp{re,ez} suspend{re,ez} suffit finis évitez "
            "lâchez_moi_avec termin{er,ez} basta stop_à stop_avec stop_aux laissez_tomber_avec "
            "abstenez_vous_de faites_que_ça_arrête faites_que_ça_cesse faites_cesser ça_va_faire"
        ),
        "thing": (
            "ça ca cela ceci rien tout sa cette ces tous toutes choses ce n_importe_quoi niaiseries "
            "conneries bêtises"
        ),
        "contact": (
            "écri{re,vez,s,ve,viez,vent} contact{er,ez,e,iez,é,ée} text{er,ez,e,iez} "
            "dérang{er,ez,e,iez,é,ée} embêt{er,ez,e,iez} harcel{er,ez} harcèle importun{er,ez,e} "
            "relanc{er,ez,e} solliciter sollicit{ez,e,é,ée} spamm{er,ez,e} spam{er,ez} menvoyer_des mécrire "
            "mécrivez téléphon{er,ez} emmerd{er,ez,e} faire_chier tanner tann{ez,e} bombard{er,ez} "
            "recontact{er,ez,é,ée} réécri{re,vez,s} prospecter démarcher démarch{ez,é} soûler saoul{er,ez} "
            "gonfl{er,ez} déranger_avec achal{er,ez,e} bàdrer badrer gosser goss{ez,e} niaiser écoeurer "
            "écœurer spammer lui_écrire lui_écrivez m_achaler"
        ),
        "call": "appel{er,ez,le,iez} téléphon{er,ez}",
        "send": (
            "envoy{er,ez,é,és,iez} envoi{,e,s,es} envoient menvoyer menvoyez menvoie adress{er,ez} "
            "transmett{re,ez} renvoyez_plus expédi{er,ez} diffus{er,ez} envoyé balanc{er,ez} lenvoi "
            "envoyer_des"
        ),
        "message": (
            "message{,s} messages sms texto{,s} text{,s} pub{,s} publicité{,s} spam{,s} promo{,s} "
            "promotion{,s} notification{,s} notif{,s} newsletter{,s} infolettre{,s} annonce{,s} alerte{,s} "
            "publicitaire{,s} mess msg{,s} communication{,s} textos démarchage prospection "
            "sollicitation{,s} mms relances réclame{,s} réclames pourriel{,s} sollicitations_commerciales"
        ),
        "content": (
            "offre{,s} coupon{,s} réduction{,s} courriel{,s} mail{,s} email{,s} lien{,s} info{,s} "
            "informations nouveautés"
        ),
        "me": (
            "moi nous m me ce_numéro cette_ligne ce_numero mon_cell mon_portable mon_téléphone mon_cellulaire"
        ),
        "number": (
            "numéro numero num tel tél téléphone portable cell cellulaire coordonnées nom mobile données "
            "contact nº ce_numéro ce_numero mon_cell mon_portable"
        ),
        "list": (
            "liste listes envois fichier fichiers base base_de_données système contacts répertoire registre "
            "listing liste_d_envoi liste_de_diffusion mailing_list liste_de_contacts carnet bdd "
            "liste_d_envois diffusion groupe"
        ),
        "remove": (
            "retir{er,ez,e} enlev{er,ez} enlève supprim{er,ez,e} effac{er,ez,e} ôt{er,ez,e} ot{er,ez,e} "
            "ray{er,ez} raye oubli{er,ez,e} sort{ir,ez,s} radi{er,ez} élimin{er,ez} sors vir{er,ez,e} "
            "perd{re,ez} jet{er,ez} suppression_de éffacez désactiv{er,ez} flush{er,ez} bloqu{er,ez}_mon "
            "retrait_de"
        ),
        "cancel": (
            "annul{er,ez,e,ation} résili{er,ez,e,ation} termin{er,ez} annul{é,ée} mettre_fin_à mettez_fin_à "
            "je_résilie fin_de désactiv{ez,er,e}"
        ),
        "subscription": (
            "abonnement inscription abonnement_sms abonement labonnement linscription abonnements "
            "service_sms adhésion"
        ),
        "unsub": (
            "désabonn{er,ez,e,ement,ons} desabon{ement,er,ez} desabonn{er,ez} désabonné_moi "
            "désinscri{re,vez,ption,s,ve} désincri{re,ption,vez} désinscrivez dessinscrire "
            "désenregistr{er,ez} résiliation se_désabonner me_désabonner me_désinscrire se_désinscrire "
            "désouscri{re,vez} désinscription désincription désabonne être_désabonné être_désinscrit "
            "être_retiré être_désabonnée être_désinscrite désengager me_désengager désabonnes désabo "
            "me_désabonne se_désabonne se_désinscrit me_désinscris"
        ),
        "unsubbed": (
            "désabonné désabonnée désinscrit désinscrite me_suis_désabonné me_suis_désabonnée "
            "me_suis_désinscrit me_suis_désinscrite"
        ),
        "not": "ne n jamais ne_plus plus_jamais pas ne_pas ne_jamais n_plus arretez_de_ne sans",
        "none": (
            "plus_de plus_d pas_de pu_de pu_d pus_de aucun aucune zéro fini_les marre_de pas_d "
            "fini_avec_les assez_de plus_aucun plus_aucune ras_le_bol_de jamais_de jamais_plus_de stop_aux"
        ),
        "plus": "plus pu pus jamais plus_jamais davantage",
        "want": (
            "veux veut voulons voudrais voudrions souhaite souhaitons désire désirons aimerais demande "
            "accepte autorise consens en_veux en_veut veu vx souhaiterais désirerais aimerions j_veux jveux "
            "jveu souhaites besoin bezoin veus"
        ),
        "receive": (
            "recevoir recevoire reçevoir avoir voir lire être etre savoir rien_savoir entendre_parler "
            "reçoive entendre_parler_de continuer_à_recevoir être_contacté être_contactée être_sollicité"
        ),
        "again": "plus jamais pu pus encore désormais dorénavant à_l_avenir maintenant davantage",
        "stranger": (
            "mauvais_numéro mauvais_numero erreur_de_numéro faux_numéro trompez_de_numéro trompé_de_numéro "
            "fait_erreur_de_numéro trompez_de_personne mauvaise_personne numéro_incorrect qui_est_ce "
            "qui_êtes_vous c_est_qui je_ne_vous_connais_pas connais_pas erreur_de_personne "
            "vous_vous_trompez vous_avez_le_mauvais pas_la_bonne_personne pas_le_bon_numéro y_a_pas_de "
            "il_n_y_a_pas_de y_a_personne aucun_julien pas_mon_nom"
        ),
        "i_am_not": (
            "c_est_pas pas_le_numéro_de ce_n_est_pas je_ne_suis_pas je_suis_pas cest_pas n_est_pas_le_numéro"
        ),
        "complaint": (
            "pas_intéressé pas_intéressée pas_interessé pas_interesse ne_m_intéresse_pas "
            "ça_ne_m_intéresse_pas m_intéresse_pas jamais_inscrit jamais_demandé jamais_donné_mon_accord "
            "harcèlement c_est_du_harcèlement ne_m_intéressent_pas aucun_intérêt intéresse_pas "
            "jamais_consenti mintéresse_pas jamais_été_inscrit jamais_été_inscrite jamais_donné_mon "
            "jamais_autorisé pas_donné_mon jamais_abonné jamais_souscrit pas_inscrit pas_inscrite "
            "rien_demandé jamais_inscrite jamais_abonnée pas_demandé jamais_laissé_mon jamais_signé "
            "pas_souscrit pas_abonné pas_abonnée"
        ),
        "consent": "consentement autorisation accord permission toute_prospection utilisation",
        "revoke": "révoque révoquer retire retirer révoquez annule m_oppose oppose opposition retrait_de",
        "begone": (
            "laiss{ez,e,er}_{moi,nous}_tranquille{,s} fich{ez,e}_{moi,nous}_la_paix "
            "fout{ez,s}_{moi,nous}_la_paix fou_moi_la_paix foutre_la_paix lâch{ez,e}_{moi,nous} "
            "la_paix_avec lach{ez,e}_moi laiss{ez,e}_{moi,nous}_en_paix oubli{ez,e}_moi "
            "oubli{ez,e}_mon_numéro perdez_mon_numéro laissez_moi_tranquile lâchez_moi_la_grappe "
            "lachez_nous dégagez_de_mon_téléphone sacrez_moi_patience sacre_moi_patience "
            "crissez_moi_patience laissez_nous_tranquilles achalez_moi_plus"
        ),
        "too_many": "trop_de trop_d beaucoup_trop_de tellement_de autant_de",
        "fewer": "moins_de moins",
        "block": (
            "vous_bloquer vous_bloque te_bloquer te_bloque vous_signaler vous_signale porter_plainte "
            "signaler_à_la_cnil"
        ),
        "account": "compte profil",
        "only": "seulement uniquement juste que_les",
        "why": "pourquoi pk pq pkoi prk",
        "source": (
            "a_donné_mon eu_mon trouvé_mon obtenu_mon avez_mon avez_vous_mon avez_vous_eu_mon donné_mon "
            "pris_mon récupéré_mon dégoté_mon numéro_d_où avez_trouvé_mon"
        ),
        "enough": "marre ras_le_bol plein_le_dos soûlant saoulant",
        "small": (
            "de d des du le la les l un une vos votre ton ta tes mon ma mes ces ce cet cette à a au aux sur "
            "dans par avec pour tous toutes tout toute que qu m me moi nous vous y en se s te t maintenant "
            "immédiatement svp stp s_il_vous_plaît s_il_te_plaît s_il_vous_plait merci encore depuis autre "
            "autres ici foutus foutues putain maudits maudites stupides ennuyeux commerciaux commerciale "
            "commerciales promotionnels publicitaires indésirables là ci la_part_de part sorte genre type "
            "également et bien vraiment absolument surtout non sollicités sollicité bordel crisse câlisse "
            "ostie automatiques lettre d_information via d_autre faire_partie partie"
        ),
        "lead": (
            "svp stp s_il_vous_plaît s_il_te_plaît s_il_vous_plait sil_vous_plait sil_vous_plaît merci "
            "merci_de merci_d_avance bonjour bonsoir salut allo je j jai veuillez prière_de je_vous_prie_de "
            "je_vous_prie_d je_vous_demande_de je_vous_demande_d merci_bien ok bon ben alors donc "
            "maintenant tout_de_suite immédiatement veux voudrais souhaite aimerais désire demande vous "
            "pouvez pourriez pouvez_vous pourriez_vous peux peux_tu tu il faut_que faut non oui "
            "je_vous_ai_dit j_ai_dit dit déjà hey eh madame monsieur messieurs cordialement de_grâce pitié "
            "franchement d_avance que de d m me moi svpp mesdames une_fois pour_toutes dernière fois plaît "
            "à_partir_d à_partir_de à_l_avenir dorénavant désormais sérieux putain merde tous toutes "
            "définitivement urgent par_la_présente ici mille tabarnak tabarnac câlisse ostie crisse sur ce "
            "numéro jamais_plus vraiment aussi aujourd_hui enfin ça_va du tout plaisir là deuxième_fois "
            "troisième_fois quatrième_fois dernière_fois pour la"
        ),
        "join": "et mais car parce_que parce sinon ou puis donc alors",
        "if": (
            "si que_se_passe_t_il quand lorsque qu_arrive_t_il avez_vous arrêté est_ce_que_vous_arrêtez "
            "pourquoi_vous_n pourquoi_n pourquoi_ne pourquoi_avez est_ce_que_vous par_erreur "
            "il_se_passe_quoi sans_faire_exprès quelqu_un faire_du"
        ),
        "ask": (
            "comment comment_fait_on comment_on_fait_pour comment_faire_pour comment_je_fais_pour "
            "comment_puis_je où puis_je est_ce_que_je_peux est_il_possible_de y_a_t_il_moyen_de peut_on "
            "on_peut possible_de on_fait_comment_pour comment_est_ce_que_je je_fais_comment_pour "
            "comment_je_peux comment_fait_t_on_pour c_est_possible_de comment_on comment_je "
            "comment_est_ce_qu_on comment_faut_il_faire qu_est_ce_que_je_fais_pour comment_faire"
        ),
        "limit": (
            "après avant la_nuit le_soir le_matin tard si_tard aussi_tard tôt jusqu à_midi le_dimanche "
            "le_weekend dimanche dimanches samedi samedis weekend week_end pendant durant tant_de autant "
            "tous_les_jours chaque_jour quotidien quotidiens quotidiennement si_souvent aussi_souvent "
            "souvent sauf excepté seulement uniquement juste courriels courriel mail mails email emails "
            "femme mari conjointe fils fille mère père sœur frère semaine semaines mois demain aujourd_hui "
            "travail bureau fin_de_semaine vacances nuit soir heures autant_de par_jour par_semaine 20h 21h "
            "22h en_anglais"
        ),
        "object": (
            "commande facture reçu colis sauce fromage livraison rendez_vous rdv réservation article "
            "articles produit panier offre_du tomates oignons code ticket carte paquet"
        ),
        "past": "arrêté reçu reçois recevez arrivé arrêtée annulée abonné inscrit",
        "subscribe": "m_abonner abonner m_inscrire inscrire inscrivez abonnez souscrire",
        "said": (
            "j_ai_dit j_ai_déjà_dit j_ai_répondu j_ai_envoyé j_ai_écrit ai_dit ai_répondu ai_envoyé "
            "ai_écrit réponds répète dit répondu mis demandé"
        ),
        "isnt": (
            "n_est_plus n_est_pas n_appartient_plus n_est_plus_à est_pas est_plus c_est_plus "
            "n_appartient_pas a_changé_de_propriétaire"
        ),
        "gone": (
            "décédé décédée est_mort est_morte nous_a_quittés est_décédé est_décédée défunt défunte feu_mon "
            "feu_ma décès_de"
        ),
        "who": "qui_est qui qui_m c_est_qui_qui",
        "elsewhere": "sport gym netflix spotify wifi maladie travail forfait salle_de_sport",
        "joke": "trop_bon trop_bons miam délicieux ou_encore",
        "rude": (
            "allez_vous_faire_foutre va_te_faire_foutre allez_vous_faire_voir va_te_faire_voir allez_chier "
            "va_chier allez_au_diable ta_gueule vos_gueules dégagez dégage cassez_vous casse_toi "
            "mangez_de_la_merde"
        ),
        "most": "pas_plus_d pas_plus_de maximum max au_maximum seulement juste",
        "rate": "par_semaine par_mois par_jour chaque_semaine une_fois_par_semaine",
        "praise": "trop_bon trop_bons miam délicieux délicieuse trop_mignon",
        "permit": "autorise autorisé autorisée permets permis consens consent",
        "one": "un une deux",
        "give": "donne donné",
        "tired": (
            "marre marre_de tanné_de tannée_de tanné tannée écoeuré_de écœurée_de ras_le_bol_de ras_le_bol "
            "plein_le_dos_de fatigué_de fatiguée_de saoulé_de assez_de"
        ),
        "still": "encore toujours continuez continue",
        "customer": "client cliente abonné membre",
        "wrong": "mauvaise",
        "miss": "manquer rater perdre",
        "calm": "calmez_vous calme_toi calmez relaxez ralentissez doucement mollo wô",
        "program": "programme club",
        "quit": "quitter sortir_de",
        "nth": "deuxième_fois troisième_fois quatrième_fois énième_fois dernière_fois 2e_fois 3e_fois",
        "leave": "laissez laisse lâchez foutez",
        "in_peace": "tranquille tranquilles en_paix la_paix",
        "nobody": "personne",
        "asked": "demandé voulait voulu donné",
        "wish": "apprécierais_que bien_que bien_si doivent faut_que apprécierais_si",
        "end": "cessent arrêtent s_arrêtent cesser finissent prennent_fin",
        "can": "on_peut peut_on puis_je y_a_t_il_moyen_de moyen_de peux",
        "switch_off": "désactiver éteindre couper",
    },
    triggers="plus complaint i_am_not enough who isnt",
    plain=(
        "none message $",
        "none thing? message again? $",
        "none message please|'merci'|stop",
        "not want plus receive? thing? message|content",
        "want plus receive thing? message|content",
        "want plus 'vos' message|content",
        "want plus thing? message",
        "not want plus|'pas' receive message|content|thing",
        "want plus thing? receive thing? $",
        "want plus receive thing $",
        "want plus 'que' contact|send",
        "not want plus|'pas' 'que' ... contact|send",
        "want plus 'être' contact",
        "not contact|send me? plus",
        "not plus me? contact|send",
        "not 'pas' me? contact",
        "me? contact|send me? plus message|thing|content|$",
        "'m' contact|send plus",
        "^ contact|send plus thing? message|$",
        "^ contact 'moi'|'nous' plus",
        "stop 'tout'? send",
        "stop again? message",
        "stop me? 'avec' message",
        "want unsub",
        "unsub please|'merci'",
        "'me' unsub $",
        "remove me? list",
        "i_am_not ... stop contact|send|$",
        "i_am_not ... not contact|send",
        "'marre' ... stop",
        "not want plus thing $",
        "^ 'fini' message $",
        "want plus thing $",
        "want unsubbed",
        "want not plus? receive thing? message|content|$",
        "not 'utilisez'|'utiliser' plus number",
        "not receive plus message",
        "not again? want thing? message",
        "revoke ... message",
        "not consent",
        "not receive? 'pas' consent",
        "'n' 'avez' 'pas'|'aucune'|'aucun' consent",
        "'avez'|'aviez' 'pas'|'aucune' consent",
        "contact|send me? plus",
        "not plus 'lui'? contact|send",
        "'pu'|'pus'|'plus' contact|send me?",
        "said stop|unsub",
        "block message",
        "not me? contact 'pas'",
        "'ai' tired message|contact",
    ),
    unclear=(
        "ask unsub",
        "ask stop message|contact|send|receive",
        "ask not plus receive",
        "ask 'ne_plus' receive",
        "ask cancel subscription|message",
        "why 'je' 'reçois'|'recevoir' thing|message",
        "why 'vous'? me? contact|send",
        "why 'continuez' contact|send",
        "i_am_not",
        "alone not me? call plus $",
        "^ enough",
        "'en' 'marre' $",
        "^ thing complaint $",
        "none message limit",
        "not contact|send me? limit",
        "^ thing 'est' spam",
        "'trompez' ... number",
        "'fait' 'erreur'",
        "'erreur' 'de' number",
        "ask stop thing",
        "why 'je'|'j'? receive thing? message",
        "why 'je'|'j'? receive|'reçois'|'recois' thing|message",
        "'reçois'|'recois' 'encore'|'toujours' thing? message",
        "isnt ... number",
        "complaint 'à'|'a' thing",
        "who me? contact|send",
        "'marre' ... message",
        "'encore' message $",
        "stranger 'personne'|number|list",
        "'c'|'ce'|'ça' 'est' spam",
        "'reçois'|'recois' still",
        "^ 'enlevez_la'|'enlevez_le'|'retirez_la'|'retirez_le' $",
    ),
    innocent=(
        "not stop|'arrête'|'cesse'|'arrêtez'",
        "not 'me' unsub",
        "not unsub",
        "'je'|'j' not contact|send",
        "'aucun' message",
        "'pas_de' 'message'",
        "'me' 'suis' unsubbed|unsub",
        "stop 'de' 'bus'|'tram'|'métro'",
        "'sans'|'bus'|'quel'|'panneau'|'le' stop",
        "stop 'la'|'le' object",
        "'pas' send|contact object",
        "not send 'pas' 'encore'",
        "not send me? 'pas' object",
        "send me? plus object",
        "remove object|'un'|'dernière'",
        "cancel object",
        "'n' 'ai'",
        "'ai' plus",
        "'puis'|'peux'|'ai' remove",
        "not receive plus message",
        "not receive 'pas' message",
        "'suffit' 'pour'",
        "stop 'pour'",
        "'gym'",
        "'n' contact|send 'plus' content",
        "'avez' 'plus'",
        "'ai'|'avais'|'avons' none",
        "'avez'|'a'|'avaient'|'ont' stop",
        "not 'voir' thing",
        "want plus content",
        "said? stop 'pour'|'ou'",
        "'répondez'|'envoyez'|'répondre'|'envoyer'|'tapez' stop",
        "number isnt 'bon'|'valide'|'correct'",
        "who send|call object",
        "who 'livre'|'appelle'",
        "not receive 'plus'|'pas' thing",
        "'machine' isnt",
        "remove ... object",
        "none 'place'|'lait'|'pain'",
        "stop 'vous' 'au'|'chez'|'à'|'là'",
        "stop 'vous' digits",
        "'batterie'|'chien'|'chat' gone",
        "'vous' not me? send plus content",
        "'téléphone'|'portable'|'cell' gone",
        "'mon_téléphone'|'mon_portable'|'mon_cell' gone",
    ),
)

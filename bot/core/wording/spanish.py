"""Spanish, of Mexico, Argentina and Spain among others."""

from bot.core.wording.grammar import Page

PAGE = Page(
    language="es",
    words={
        "stop": (
            "dej{a,ad,ar,e,en}_de dejen_ya_de alto parar pará_de par{en,e,ad,enle,ale,arle,emos} dejame_de "
            "déjenme_de dejarme_de detener deteng{a,an} detén deten detente cesar ces{e,en} basta "
            "bastante_de terminen terminar ya_basta ya_paren ya_parenle no_sigan no_sigas evitar evit{e,en} "
            "suspend{a,an,er} abstenganse_de ya_estuvo stopp stahp ya_estuvo_de ya_chole_con finalizar "
            "interrump{a,an,ir} frenen frenar córtenla cortala cortenla corten_con deténganse termina_de "
            "fin_a fin_de_los hagan_que_paren hagan_que_pare dejn_de dejn_d djen_de pararan"
        ),
        "thing": (
            "esto eso esta este nada esas estos esos estas cosas todo ello pavadas tonterías nada_más basura"
        ),
        "contact": (
            "escrib{ir,a,as,an,iendo,es,áis,ais}{,me,nos} escribi{rme,rnos,endome,endonos} "
            "contact{ar,e,es,en,ando}{,me,nos} contactéis molest{ar,e,es,en,ando,éis}{,me,nos} "
            "mensajear{,me} mensaje{arme,en,ando,andome} textear{,me} texteen texteando "
            "fastidi{ar,e,es,en,ando}{,me,nos} jod{er,a,as,an,iendo}{,me,nos} jodan chingar chinguen "
            "chingando spamear{,me} spameen spameando hostig{ar,uen,ando}{,me} acos{ar,en,ando}{,me} "
            "moleste{n,s} comunicarse comuniquen rompan_las_bolas romper_las_bolas dar_la_lata "
            "darme_la_lata darme_la_brasa dar_la_brasa dar_la_tabarra volváis_a_escribir{,me} "
            "vuelv{a,as,an}_a_{escribir,llamar,contactar,molestar}{,me,nos} whatsapp{ear,earme} den_lata "
            "joroben jorobar incomod{ar,en,e}{,me} busquen busques buscarme escrivan escrivirme "
            "escriviendome moleste molestes dar_la_vara dar_el_coñazo contactaran contactara escribieran "
            "escribiera molestaran escribirm"
        ),
        "call": "llam{ar,e,es,en,ando}{,me,nos}",
        "send": (
            "mand{ar,a,an,e,es,en,ando,éis,eis,áis}{,me,nos,le} "
            "envi{ar,a,an,e,es,en,ando,éis,eis,áis,o}{,me,nos,le} manden{me,nos} envien{me,nos} mandarnos "
            "enviarnos lleg{uen,ue}{,me,nos} vuelv{a,as,an}_a_{mandar,enviar}{,me,nos} "
            "volváis_a_{mandar,enviar}{,me,nos} pas{ar,en}{,me} mandandome enviandome reenviar remitir "
            "remitan el_envío_de el_envio envío envios llegándome mandaran mandara enviaran enviara"
        ),
        "message": (
            "mensaj{e,es,ito,itos} mnsj mnsjs msj{,s,es} msg{,s} sms spam texto{,s} publicidad propaganda "
            "promo{,s} promocion{,es} promoción notificacion{,es} notificación anuncio{,s} aviso{,s} "
            "alertas newsletter boletin{,es} boletín mensajería comunicaciones comunicación mensage{,s} "
            "msjes whatsapps mjes mensajillos wasaps"
        ),
        "content": (
            "oferta{,s} cupon{,es} descuentos ofertas links correos informacion información recordatorios"
        ),
        "me": "me nos a_mi mi_celular mi_teléfono a_este_número este_número este_numero mi_cel",
        "number": (
            "número numero numeros nombre cel celular telefono teléfono tel móvil movil contacto datos "
            "whatsapp este_número este_numero mi_celular mi_teléfono"
        ),
        "list": (
            "lista listas lista_de_contactos base_de_datos base registro registros sistema contactos "
            "lista_de_mensajes lista_de_difusión lista_de_envíos agenda grupo bbdd directorio "
            "lista_de_correo suscripciones"
        ),
        "remove": (
            "borr{ar,a,e,en,á,ad}{,me,nos,lo} elimin{ar,a,e,en,á,ad}{,me,nos,lo} "
            "quit{ar,a,e,en,á,ad}{,me,nos,lo} saqu{e,en}{,me,nos,lo} sac{a,á,ar}{,me,nos,lo} sacad{me,nos} "
            "quiten{me,nos} remov{er,e,ed}{,me} remuev{a,an}{,me} suprim{ir,a,an}{,me} "
            "retir{ar,e,en,a}{,me} tach{en,enme,ar} olvid{en,ense_de,ate_de} pierd{an,e} olvídense_del "
            "borrado_de desvincul{ar,en} exclu{ir,yan}{,me} eliminación_de salga salgan desaparezca"
        ),
        "cancel": (
            "cancel{ar,a,e,en,á,ad,o}{,me} anul{ar,a,e,en,ad,o} termin{ar,en} finalic{e,en} dar_fin_a "
            "suspend{an,er} apag{uen,ue,ar,a} desactiv{en,e,ar,a} silencien"
        ),
        "subscription": (
            "suscripción suscripcion suscripciones subscripción subscripcion inscripción inscripcion "
            "registro afiliación alta servicio_de_mensajes servicio_de_sms servicio_sms"
        ),
        "unsub": (
            "{bórr,elimín,quít,remuév,retír}enme {bórr,elimín,quít}ame {bórr,elimín,quít}eme sáquenme "
            "sácame sáqueme baja de_baja d{ar,en,enme,ame,ale,eme}_de_baja darme_de_baja darse_de_baja "
            "denme_de_baja me_dan_de_baja me_den_de_baja den_de_baja dame_de_baja date_de_baja dé_de_baja "
            "dad{,me}_de_baja la_baja mi_baja su_baja desuscrib{ir,irme,an,anme,eme,ame,o,í,irse} "
            "desubscrib{ir,irme,an,anme,eme,irse} dessuscribir desuscripción desuscripcion dessuscripcion "
            "desapunt{ar,arme,enme,adme,ame} desafili{ar,arme,en,enme} cancelar_suscripción me_doy_de_baja "
            "borrarme_de_la_lista salirme_de_la_lista salirme_de_esta salir_de_esta salir_de_la "
            "desinscrib{ir,irme,an,anme} desactiv{ar,en,enme} salirme_de_su desregistrar{,me} desvincularme "
            "salirme_del_grupo darme_baja dar_baja denme_baja dame_baja me_dan_baja me_salgo borrarme "
            "dame_d_baja salirme me_borro me_desapunto me_desuscribo dar_me_de_baja me_salgo_de"
        ),
        "not": (
            "no ya_no nunca nunca_más jamás jamas tampoco ni nunca_más_me no_se no_vuelvan_a nadie "
            "nunca_mas_me no_m ya_no_nos no_vuelva_a no_vuelvas_a nao ni_se_os_ocurra no_quiero_que_me"
        ),
        "none": (
            "no_más no_mas ya_no_más ya_no_mas basta_de cero nada_de sin nomas ningún_otro ni_un_mensaje "
            "ni_un"
        ),
        "want": (
            "quiero queremos quisiera deseo deseamos necesito pedí pedi interesa_recibir "
            "me_interesa_recibir me_interesa_seguir acepto autorizo consiento pido solicito solicitamos "
            "me_gustaría interesan interesa_su interesan_sus quiero_seguir autoricé pedimos gustaría kiero "
            "qiero quero qero autorizado consentí he_autorizado tienen tenéis tiene"
        ),
        "receive": (
            "estar recib{ir,iendo,o,a}{,los,las} seguir seguir_recibiendo que_me_llegue que_me_lleguen "
            "que_lleguen tener ver saber saber_de saber_nada que_me_manden que_me_envíen leer obtener "
            "que_me_mande"
        ),
        "again": (
            "más mas ya nunca_más jamás nunca otra_vez de_nuevo en_adelante a_partir_de_ahora aquí aqui ahora"
        ),
        "stranger": (
            "número_equivocado numero_equivocado se_equivocaron equivocado se_equivoca_de_número "
            "se_equivocaron_de_número persona_equivocada número_incorrecto numero_incorrecto quién_es "
            "quien_es quienes_son no_los_conozco se_equivocó te_equivocaste tienen_mal_el_número "
            "teléfono_equivocado no_soy_esa_persona no_conozco_a aquí_no_vive aquí_no_hay no_hay_ninguna "
            "no_hay_ningún no_soy_yo se_han_equivocado se_ha_equivocado os_habéis_equivocado "
            "te_has_equivocado se_equivocan me_confunden no_es_mi_nombre se_equivocó_de se_equivocaron_de "
            "te_confundiste te_confundiste_de se_confundieron confundieron_de de_persona"
        ),
        "i_am_not": "no_soy no_me_llamo",
        "complaint": (
            "no_me_interesa no_interesa no_estoy_interesado no_estoy_interesada no_me_suscribí "
            "nunca_me_suscribí no_les_di_permiso acoso hartos harto harta estoy_harto estoy_harta "
            "me_tienen_harto me_tienen_harta no_tengo_interés no_me_interesan nunca_me_apunté no_me_apunté "
            "nunca_me_registré no_me_registré nunca_me_inscribí no_me_inscribí no_me_he_suscrito "
            "nunca_di_mi no_di_mi nunca_les_di_mi no_les_di_mi no_pedí nunca_pedí nunca_solicité "
            "no_solicité nunca_autoricé no_me_apunte no_he_dado_mi nunca_he_dado_mi no_me_he_apuntado "
            "yo_no_me_suscribí"
        ),
        "consent": "consentimiento permiso autorización autorizacion",
        "revoke": (
            "revoco revocar retiro retirar quito revoquen cancelo anulo supresión oposición me_opongo "
            "opongo supriman retirado revocado revoca"
        ),
        "begone": (
            "déj{a,e,en,ad,á}{me,nos}_en_paz dejarme_en_paz déj{a,e,en,ad}{me,nos}_tranquil{o,a,os} "
            "olvíd{ense,ate}_de_mi_número pierdan_mi_número en_paz borren_mi_número"
        ),
        "too_many": (
            "demasiados demasiadas muchos muchísimos tantos tantas mucho mucha demasiada exceso_de "
            "un_montón_de"
        ),
        "fewer": "menos no_tantos no_tan_seguido menos_seguido",
        "block": (
            "los_voy_a_bloquear los_bloqueo los_bloquearé te_voy_a_bloquear bloquearlos bloquearte "
            "los_voy_a_denunciar los_voy_a_reportar los_denuncio os_voy_a_bloquear denunciarlos reportarlos "
            "denunciar voy_a_denunciar voy_a_reportar denuncia_por reportar_por_spam los_reporto"
        ),
        "account": "cuenta membresía membresia perfil",
        "only": "solo sólo solamente únicamente",
        "why": "por_qué por_que porque porqué",
        "source": (
            "sacaron_mi sacaron_este tienen_mi consiguieron_mi dio_mi dieron_mi les_dio_mi consiguió_mi "
            "obtuvieron_mi habéis_sacado_mi sacaste_mi pasó_mi tenéis_mi les_dio"
        ),
        "enough": "harto harta me_tienen_harto hartan ya_estuvo_bueno",
        "small": (
            "a al el la los las un una unos unas de del su sus tu tus vuestra vuestro vuestras vuestros mi "
            "mis este esta estos estas ese esa esos esas con por más mas ya que me nos lo le les y_de tanto "
            "tanta todos todas todo malditos pinches pinche putos puto puta molestos ningún ninguna ningun "
            "otro otra a_este a_mi de_ustedes ustedes de_vosotros vosotros sigan siga sigas sigáis "
            "continúen continúe por_favor porfa porfavor xfa x_favor cualquier tipo_de clase_de seguir "
            "estúpidos estupidos comerciales publicitarios tipo inmediatamente de_una_vez de_una_buena_vez "
            "de_texto aquí aqui recibiendo tontos ahora favor nunca jamás siempre promocionales "
            "por_este_medio a_mi_celular al_celular molestosos no_deseados a_mí_numero_de q k d x uso "
            "utilizar usar formar_parte parte"
        ),
        "lead": (
            "por_favor porfa porfavor porfis x_favor xfa favor_de favor hola buenas buenos_días "
            "buenas_tardes gracias muchas_gracias disculpe disculpen oiga oigan oye ey señores señorita "
            "estimados ya ahora quiero quisiera quisieramos deseo necesito pido solicito les te le que me "
            "pido_que les_pido_que le_pido_que pueden podrían puede podría podéis pueden_por_favor "
            "me_gustaría de_una_vez inmediatamente ahora_mismo hoy_mismo che wey güey amigo amigos pues "
            "bueno vale va listo ok a_todos a_todo todo todos y o sea ya_les_dije ya_dije les_dije he_dicho "
            "dije_que ya_les_dije_que ya_dije_que por_última_vez dije necesito_que exijo pedir solicitar "
            "la_verdad no_gracias saludos urgente en_serio procedan_a proceda_a hagan_el_favor_de "
            "tengan_a_bien porfi plis plisss neta no_no tío me_urge ando es muy amable amables carajo coño "
            "joder hostia la_puta_madre de_inmediato todas segunda_vez tercera_vez cuarta_vez última_vez "
            "por"
        ),
        "join": "y pero porque pues_porque o_si o_los o_las o aunque e sino si_no entonces así_que",
        "if": (
            "si qué_pasa_si que_pasa_si qué_pasa cuando cuándo por_qué_dejaron por_que_dejaron "
            "por_qué_ya_no por_que_ya_no me_di me_dieron fue hasta_cuándo hasta_cuando sin_querer por_error "
            "por_qué_no por_que_no_me se_puede dónde_está a_qué_hora a_que_hora por_accidente alguien"
        ),
        "ask": (
            "cómo como como_puedo cómo_puedo dónde donde puedo podría_yo hay_forma_de qué_hago_para "
            "que_hago_para cómo_hago_para como_hago_para de_qué_forma hay_manera_de es_posible "
            "qué_tengo_que_hacer_para que_hay_que_hacer_para qué_hay_que_hacer_para de_qué_manera cómo_se "
            "dónde_se"
        ),
        "limit": (
            "después_de despues_de antes_de hasta de_noche por_la_noche en_la_noche tan_tarde tarde "
            "temprano en_la_madrugada madrugada tantos tantas tanto tan_seguido seguido diario diarios "
            "todos_los_días cada_día los_domingos domingo domingos fines_de_semana sábados entre_semana "
            "mientras durante por_una_semana por_un_mes salvo excepto menos solo sólo unicamente correos "
            "correo email emails mails por_correo esposa esposo marido mujer hijo hija madre padre mamá "
            "papá hermano hermana novia semanas meses mes semana mañana hoy trabajo horario noche noches "
            "semanal a_diario tan_temprano pm vacaciones en_inglés"
        ),
        "object": (
            "pedido cebolla recibo factura paquete comida mesa queso hielo envío_del compra reserva cita "
            "producto articulo artículo carrito repartidor entrega orden"
        ),
        "that_is_all": "no_más no_mas ya_no_más ya_no_mas",
        "i_stop": "dejo paro salgo salirme doy",
        "past": "recib{í,ió,imos,ido} mand{aron,ó,é} envi{aron,ó,é} lleg{ó,aron,é} dejaron",
        "subscribe": "suscrib{ir,irme,o,en,eme,ieron} inscrib{ir,irme} apuntarme suscríbanme",
        "said": (
            "dije les_dije ya_dije ya_les_dije puse respondí respondi contesté conteste mandé mande envié "
            "envie escribí escribi he_puesto he_respondido he_enviado he_mandado he_dicho digo pedí"
        ),
        "isnt": (
            "no_es ya_no_es no_pertenece ya_no_pertenece cambió_de_dueño no_era cambio_de_dueño no_lo_tiene "
            "ya_no_lo_tiene ya_no_lo_usa ya_no_usa ya_no_tiene"
        ),
        "gone": (
            "falleció fallecio ha_fallecido murió murio ha_muerto falleciera difunto difunta finado finada "
            "murió_hace falleció_hace"
        ),
        "who": "quién quien quiénes quienes quién_es quién_me",
        "elsewhere": (
            "gimnasio gym netflix spotify alquiler médica maternidad paternidad laboral aplicación app"
        ),
        "joke": "ahí_jaja qué_rico que_rico delicioso riquísimo",
        "rude": (
            "vete_a_la_mierda váyanse_a_la_mierda vayanse_a_la_mierda váyanse_al_carajo vete_al_carajo "
            "iros_a_la_mierda idos_a_la_mierda que_os_den chinga_tu_madre chinguen_a_su_madre "
            "váyanse_a_la_verga vayan_a_cagar andá_a_cagar vete_al_diablo que_te_den vete_a_tomar_por_culo "
            "pelotudos a_la_mierda al_carajo a_la_verga a_la_chingada al_diablo"
        ),
        "most": "no_más_de no_mas_de máximo como_máximo solo sólo a_lo_sumo",
        "rate": "por_semana a_la_semana al_mes por_mes al_día por_día una_vez_a_la_semana semanal",
        "praise": "qué_rico que_rico delicioso deliciosa riquísimo qué_delicia",
        "permit": "autorizo autoricé autorizado consentí permito permití",
        "one": "uno una un dos",
        "give": "doy di dado",
        "tired": "harto_de harta_de cansado_de cansada_de hartos_de aburrido_de podrido_de",
        "still": "siguen sigue sigo siguiendo todavía aún continúan",
        "customer": "cliente clienta socio socia",
        "wrong": "equivocada",
        "miss": "perder perderme pierdo",
        "unsubbed": "me_di_de_baja me_desuscribí me_dieron_de_baja me_había_dado_de_baja",
        "calm": "cálmense calmense tranquilos tranquilícense bájenle relájense calma aflojen afloja",
        "program": "programa club plan",
        "quit": "salir salirme retirarme renunciar",
        "nth": "segunda_vez tercera_vez cuarta_vez enésima_vez última_vez",
        "leave": "dejen deja dejad deje",
        "in_peace": "en_paz tranquila tranquilo tranquilos",
        "nobody": "nadie",
        "asked": "preguntó pidió quería quiso dio ha_dado",
        "wish": "agradecería_que genial_que ideal_que ojalá deben tienen_que bueno_que",
        "end": "pararan terminen terminaran cesen cesaran acaben acabaran terminar acabar",
        "can": "se_puede puedo pueden hay_forma_de hay_manera_de",
        "switch_off": "apagar desactivar silenciar",
    },
    triggers="that_is_all i_stop complaint i_am_not enough isnt who",
    plain=(
        "stop send",
        "cancel send",
        "stop me? contact|send",
        "want unsub",
        "unsub please",
        "'me' remove list",
        "'me' remove $",
        "remove list",
        "want|'quiero'|'que' 'salir'|'salirme'|'fuera' list",
        "^ 'salir'|'salirme'|'sacarme' list",
        "none message again? $",
        "^ that_is_all $",
        "none message please|stop",
        "none thing? message again? $",
        "not want thing? message",
        "not want again? 'que' send|contact",
        "not contact $",
        "not contact|send again",
        "not contact|call 'ni' contact",
        "not send again? thing $",
        "^ not want again thing $",
        "none thing $",
        "stop again? message",
        "i_am_not ... stop",
        "stop me? 'con' ... message",
        "begone",
        "not want 'saber' thing",
        "^ 'alto' ... not",
        "i_am_not ... not contact|send",
        "stranger not contact|send",
        "complaint not contact|send",
        "'quiero' 'cancelar'|'anular' thing? message|subscription",
        "'no' 'autorizo' contact|send|message",
        "consent 'revocado'",
        "not want thing 'de' 'ustedes'|'vosotros'|'usted'",
        "revoke ... number",
        "revoke ... message",
        "revoke ... consent",
        "said unsub|stop",
        "said me? unsub|stop",
        "block ... contact|send",
        "block ... message",
        "not consent 'para' contact|send",
        "not 'mi' consent",
        "none message please",
        "none message $",
        "cancel|remove ... number $",
        "^ not want message",
        "not want none $",
        "not want 'q'|'k' me? contact|send",
        "not want? consent 'para' contact|send",
        "not want receive? none $",
        "'no' 'autorizo'|'autoricé'|'autorizado' ... number",
    ),
    unclear=(
        "ask unsub",
        "ask stop|'dejo'|'paro'|'dejar' receive|message|contact|send",
        "ask cancel message|subscription|thing",
        "ask 'salgo'|'salir'|'salirme'|'evito' list|thing",
        "ask 'me' unsub",
        "ask 'doy'|'darme' unsub",
        "why me? send|contact",
        "why 'siguen'|'sigo' contact|send|receive",
        "i_am_not",
        "^ enough $",
        "'mandan'|'envían'|'son' too_many message",
        "^ too_many message",
        "not contact|send thing? message? limit",
        "alone not contact|send",
        "^ only content|message|send",
        "only send",
        "ask 'quito'|'paro'|'elimino'|'cancelo'|'detengo' thing|message",
        "ask 'quito'|'cancelo' $",
        "why me? send|receive thing? message?",
        "why 'me' 'llega'|'llegan' thing|message",
        "isnt ... number",
        "number isnt",
        "thing isnt ... number",
        "complaint 'a'|'en'|'para' thing",
        "'sigo' receive message",
        "'siguen'|'sigues' send|'llegando' message|thing",
        "who me? contact|send",
        "who ... number",
        "not 'recuerdo' ... 'dado'|'dar' ... number",
        "^ stranger 'persona'|number",
        "'di' unsub ~ still",
        "unsub ~ still",
        "^ 'sáquenla'|'sáquenlo'|'quítenla'|'quítenlo'|'bórrenla'|'bórrenlo' $",
    ),
    innocent=(
        "'no' stop",
        "'sin'|'ningún' message",
        "not stop|'paro'|'para'|'puedo'|'dejo'|'dejes'|'dejen'",
        "'nunca' stop",
        "not unsub",
        "not 'me' unsub",
        "not 'den'|'dar' unsub",
        "'me' 'di' unsub",
        "'presión'|'talla'|'planta'|'está'|'precio'|'es' unsub",
        "'planta'|'dan' 'baja'",
        "unsub 'de' 'precio'|'precios'",
        "unsub 'en'|'o'|'o_alta'|'talla'",
        "'parada'|'señal'|'de' 'stop'|'alto'",
        "stop 'el'|'la'|'lo'|'los' object",
        "not send object",
        "not send|contact 'todavía'|'aún'",
        "'si'|'puedo' send stop",
        "remove object|'último'|'última'",
        "cancel object",
        "not receive",
        "not want receive? object",
        "not again? 'veo'",
        "not message|content",
        "stop 'para'|'con_una'|'con_un'|'en'|'por_la'|'por_el'",
        "'gimnasio'",
        "not contact 'pero'",
        "'para' 'no' contact|send",
        "'todavía'|'aún' not me? send",
        "remove ... object",
        "'puntos'|'perdí'|'pierdo' remove",
        "remove 'los'|'mis'? 'puntos'",
        "'responde'|'responda'|'envía'|'envíe'|'manda'|'contesta'|'escribe' stop|unsub 'para'|'al'|'y'",
        "'responde'|'responda'|'envía'|'envíe'|'contesta' stop|unsub",
        "number isnt 'válido'|'correcto'|'ese'",
        "who send|call object",
        "who 'lleva'|'trae'|'entrega'",
        "stop 'de' 'autobús'|'bus'",
        "none 'un'|'una'|'dos'|'tres'|digits",
        "'no_más_de'",
        "gone 'de'? 'risa'|'hambre'|'ganas'",
        "'me' gone",
        "not me? send account|object",
        "not contact 'el' 'nombre'",
        "'batería'|'perro'|'gato' gone",
        "'mandaron'|'dieron'|'entregaron' ... stranger",
        "gone 'teléfono'|'celular'|'batería'|'cel'",
        "'teléfono'|'celular'|'cel' gone",
        "send 'aquí'|'acá'",
        "gone 'mi_teléfono'|'mi_celular'|'mi_cel'",
        "'mi_teléfono'|'mi_celular' gone",
    ),
)
